package api

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"remit"
)

// counter is a handler that counts how often it ran and answers as it is told.
type counter struct {
	mu    sync.Mutex
	runs  int
	run   func(c *call, n int) (answer, error)
	serve gin.HandlerFunc
}

// keyed puts a counter in the place of the operation's handler.
func (h *house) keyed(operation string, run func(c *call, n int) (answer, error)) *counter {
	k := &counter{run: run}
	k.serve = h.server.serve(h.server.contract.operations[operation], func(c *call) (answer, error) {
		k.mu.Lock()
		k.runs++
		n := k.runs
		k.mu.Unlock()
		return k.run(c, n)
	})
	return k
}

func (k *counter) post(path, key, body string, who *http.Cookie) *http.Response {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Content-Type", mediaJSON)
	request.Header.Set(headerKey, key)
	request.AddCookie(who)
	return k.do(request)
}

func (k *counter) do(request *http.Request) *http.Response {
	recorder := httptest.NewRecorder()
	g, _ := gin.CreateTestContext(recorder)
	g.Request = request
	g.Params = gin.Params{{Key: "id", Value: newID().String()}}
	k.serve(g)
	g.Writer.WriteHeaderNow()
	return recorder.Result()
}

func counted(_ *call, n int) (answer, error) {
	return answer{status: http.StatusCreated, body: map[string]int{"run": n}, header: http.Header{"Location": {"/v1/x"}}}, nil
}

// Protects payers from paying twice (X4): the same key with the same body is
// answered with the first answer, marked, and runs nothing.
func TestKeyReplaysTheFirstAnswer(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	k := h.keyed("createCustomer", counted)
	first := k.post("/v1/customers", "key-1", `{"name":"A"}`, who)
	again := k.post("/v1/customers", "key-1", `{"name":"A"}`, who)
	if first.StatusCode != 201 || again.StatusCode != 201 || k.runs != 1 {
		t.Fatalf("answers %d and %d after %d runs", first.StatusCode, again.StatusCode, k.runs)
	}
	if a, b := text(t, first), text(t, again); a != b {
		t.Errorf("first %s, then %s", a, b)
	}
	if first.Header.Get(headerReplayed) != "" || again.Header.Get(headerReplayed) != "true" || again.Header.Get("Location") != "/v1/x" {
		t.Errorf("headers of the first %v, then %v", first.Header, again.Header)
	}
}

// Protects against one caller reading another's answer (T27): a key belongs to
// its caller and path; with another body it is refused.
func TestKeyIsTheCallersAndThePaths(t *testing.T) {
	h := openHouse(t, nil)
	_, ana := h.person(h.top, h.top, nil)
	_, bo := h.person(h.top, h.top, nil)
	k := h.keyed("createCustomer", counted)
	k.post("/v1/customers", "key", `{"name":"A"}`, ana)
	for name, tt := range map[string]struct {
		path, body string
		who        *http.Cookie
		status     int
		code       string
	}{
		"another body":   {"/v1/customers", `{"name":"B"}`, ana, 422, codeKeyReused},
		"another query":  {"/v1/customers?organisation=/x", `{"name":"A"}`, ana, 400, remit.CodeMalformed},
		"another caller": {"/v1/customers", `{"name":"A"}`, bo, 201, ""},
		"another path":   {"/v1/invoices", `{"name":"A"}`, ana, 201, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := k.post(tt.path, "key", tt.body, tt.who)
			if got.StatusCode != tt.status || got.Header.Get(headerReplayed) != "" {
				t.Errorf("status %d, want %d; replayed %q", got.StatusCode, tt.status, got.Header.Get(headerReplayed))
			}
			if tt.code != "" && code(t, got) != tt.code {
				t.Errorf("another code than %s", tt.code)
			}
		})
	}
}

// Protects callers who mend a request: refusals and failures are not kept, what
// was done and what the bank said are.
func TestWhichAnswersAreKept(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	refuse := func(kind remit.Kind) func(*call, int) (answer, error) {
		return func(*call, int) (answer, error) {
			if kind == remit.KindDeclined {
				return answer{}, declined{error: remit.Errorf(kind, remit.CodeDeclined, "No."), payment: filled[paymentBody]()}
			}
			return answer{}, remit.Errorf(kind, "some_code", "No.")
		}
	}
	accept := func(status int) func(*call, int) (answer, error) {
		return func(*call, int) (answer, error) { return answer{status: status, body: struct{}{}}, nil }
	}
	for name, tt := range map[string]struct {
		run  func(*call, int) (answer, error)
		kept bool
	}{
		"200": {accept(200), true}, "201": {accept(201), true}, "202": {accept(202), true}, "402": {refuse(remit.KindDeclined), true},
		"400": {refuse(remit.KindMalformed), false}, "403": {refuse(remit.KindForbidden), false}, "404": {refuse(remit.KindNotFound), false},
		"409": {refuse(remit.KindConflict), false}, "422": {refuse(remit.KindInvalid), false}, "429": {refuse(remit.KindLimited), false},
		"500": {refuse(remit.KindInternal), false}, "503": {refuse(remit.KindUnavailable), false},
	} {
		t.Run(name, func(t *testing.T) {
			k := h.keyed("payWorkItem", tt.run)
			for range 2 {
				got := k.post("/v1/work-items/x/pay", "kept-"+name, `{"amount":1}`, who)
				if strconv.Itoa(got.StatusCode) != name {
					t.Fatalf("status %d", got.StatusCode)
				}
			}
			if want := map[bool]int{true: 1, false: 2}[tt.kept]; k.runs != want {
				t.Errorf("%d runs, want %d", k.runs, want)
			}
		})
	}
}

// Protects payers who click twice: of many at once with one key exactly one
// runs, and the others are told to wait or get its answer.
func TestOneOfManyAtOnceRuns(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	release, entered := make(chan struct{}), make(chan struct{}, 1)
	k := h.keyed("createCustomer", func(c *call, n int) (answer, error) {
		entered <- struct{}{}
		<-release
		return counted(c, n)
	})
	results := make(chan *http.Response, 8)
	for range cap(results) {
		go func() { results <- k.post("/v1/customers", "at-once", `{"name":"A"}`, who) }()
	}
	<-entered
	for range cap(results) - 1 {
		if got := <-results; got.StatusCode != 409 || code(t, got) != codeKeyInUse {
			t.Errorf("status %d while another runs", got.StatusCode)
		}
	}
	close(release)
	if got := <-results; got.StatusCode != 201 || k.runs != 1 {
		t.Errorf("status %d after %d runs", got.StatusCode, k.runs)
	}
}

// Protects callers whose server died: a key whose request never ended is free
// again after its lease, for the same body only, and the dead one's late answer
// is not taken for the new one's.
func TestCrashBlocksNoKeyForEver(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	k := h.keyed("createCustomer", nil)
	k.run = func(c *call, n int) (answer, error) {
		if n > 1 {
			return counted(c, n)
		}
		h.age(t, "3 minutes") // this run outlives its lease
		if got := k.post("/v1/customers", "crash", `{"name":"B"}`, who); got.StatusCode != 422 {
			t.Errorf("another body under a dead lease: %d", got.StatusCode)
		}
		if got := k.post("/v1/customers", "crash", `{"name":"A"}`, who); got.StatusCode != 201 || got.Header.Get(headerReplayed) != "" {
			t.Errorf("the same body under a dead lease: %d", got.StatusCode)
		}
		return counted(c, n)
	}
	k.post("/v1/customers", "crash", `{"name":"A"}`, who)
	if got := text(t, k.post("/v1/customers", "crash", `{"name":"A"}`, who)); !strings.Contains(got, `"run":2`) || k.runs != 2 {
		t.Errorf("kept %s after %d runs, want the second run's", got, k.runs)
	}
}

// Protects the day's limit: after 24 hours of real time a key is new, and what
// is old is swept away.
func TestKeysEndAfterADay(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	k := h.keyed("createCustomer", counted)
	k.post("/v1/customers", "old", `{"name":"A"}`, who)
	h.age(t, "23 hours 59 minutes")
	if k.post("/v1/customers", "old", `{"name":"A"}`, who); k.runs != 1 {
		t.Errorf("%d runs within the day", k.runs)
	}
	h.age(t, "2 minutes")
	if got := k.post("/v1/customers", "old", `{"name":"B"}`, who); got.StatusCode != 201 || k.runs != 2 {
		t.Errorf("status %d after %d runs past the day", got.StatusCode, k.runs)
	}
	h.age(t, "25 hours")
	k.post("/v1/customers", "new", `{"name":"A"}`, who)
	var left int
	h.row(t, "select count(*) from idempotency_keys", &left)
	if left != 1 {
		t.Errorf("%d keys are left, want the new one alone", left)
	}
}

// Protects what callers sent and were told (T33): the table holds neither.
func TestKeyTableHoldsNoContent(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	k := h.keyed("createCustomer", func(*call, int) (answer, error) {
		return answer{status: 200, body: map[string]string{"secret": "marker-answer"}}, nil
	})
	k.post("/v1/customers", "quiet", `{"name":"marker-body"}`, who)
	var row string
	h.row(t, "select encode(fingerprint, 'escape') || encode(answer, 'escape') from idempotency_keys", &row)
	if strings.Contains(row, "marker") {
		t.Errorf("the row holds what was sent or answered: %q", row)
	}
}

// Protects a payer who closes the window: a request under a key runs to its end
// and its answer can be fetched with the same key.
func TestKeyedRequestOutlivesItsConnection(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	k := h.keyed("createCustomer", nil)
	hangUp := func() {}
	k.run = func(c *call, n int) (answer, error) {
		hangUp()
		if err := c.ctx().Err(); err != nil {
			return answer{}, err
		}
		return counted(c, n)
	}
	request := httptest.NewRequest(http.MethodPost, "/v1/customers", strings.NewReader(`{"name":"A"}`))
	request.Header.Set("Content-Type", mediaJSON)
	request.Header.Set(headerKey, "gone")
	request.AddCookie(who)
	ctx, cancel := context.WithCancel(t.Context())
	hangUp = cancel
	k.do(request.WithContext(ctx))
	if got := k.post("/v1/customers", "gone", `{"name":"A"}`, who); got.StatusCode != 201 || got.Header.Get(headerReplayed) != "true" {
		t.Errorf("status %d, replayed %q", got.StatusCode, got.Header.Get(headerReplayed))
	}
}

// Protects imports: a file sent again is the same request, whatever boundary
// the client made up this time.
func TestKeySeesThroughBoundaries(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	k := h.keyed("startImport", counted)
	send := func(content string) *http.Response {
		var form bytes.Buffer
		w := multipart.NewWriter(&form) // with a boundary of its own
		part, err := w.CreateFormFile("file", "a.csv")
		must(t, err)
		_, err = part.Write([]byte(content))
		must(t, err)
		must(t, w.WriteField("organisation", h.top.Path))
		must(t, w.Close())
		request := httptest.NewRequest(http.MethodPost, "/v1/imports", &form)
		request.Header.Set("Content-Type", w.FormDataContentType())
		request.Header.Set(headerKey, "file")
		request.AddCookie(who)
		return k.do(request)
	}
	send("a,b\n1,2\n")
	if got := send("a,b\n1,2\n"); got.Header.Get(headerReplayed) != "true" {
		t.Errorf("the same file is answered %d", got.StatusCode)
	}
	if got := send("a,b\n1,3\n"); got.StatusCode != 422 {
		t.Errorf("another file is answered %d", got.StatusCode)
	}
}

// Protects the table: a key is 1 to 255 visible ASCII characters, given once.
func TestKeysForm(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	k := h.keyed("createCustomer", counted)
	for _, key := range []string{"", " ", "a b", "ü", "\x00", strings.Repeat("k", 256)} {
		if got := k.post("/v1/customers", key, `{}`, who); got.StatusCode != 400 {
			t.Errorf("the key %q is answered %d", key, got.StatusCode)
		}
	}
	if got := k.post("/v1/customers", strings.Repeat("k", 255), `{}`, who); got.StatusCode != 201 {
		t.Errorf("the longest key is answered %d", got.StatusCode)
	}
}

// age makes all keys older.
func (h *house) age(t *testing.T, by string) {
	t.Helper()
	h.exec("update idempotency_keys set created_at = created_at - $1::interval", by)
}

// row reads one value as a superuser.
func (h *house) row(t *testing.T, sql string, into any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.url)
	must(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	must(t, conn.QueryRow(t.Context(), sql).Scan(into))
}
