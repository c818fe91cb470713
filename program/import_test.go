package program_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"remit/invoicefile"
)

// upload sends a file of invoices and waits until it is in.
func (w *world) upload(organisation, name string, content []byte) *answer {
	w.t.Helper()
	return w.uploaded(w.send(organisation, invoicefile.File{Name: name, Content: content}))
}

// send sends files of invoices.
func (w *world) send(organisation string, files ...invoicefile.File) *answer {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(w.t, form.WriteField("organisation", organisation))
	for _, file := range files {
		part, err := form.CreateFormFile("file", file.Name)
		must(w.t, err)
		_, err = part.Write(file.Content)
		must(w.t, err)
	}
	must(w.t, form.Close())
	admin := w.signIn("admin")
	request, err := http.NewRequestWithContext(w.t.Context(), "POST", w.program.URL+"/v1/imports", &body)
	must(w.t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := admin.client.Do(request)
	must(w.t, err)
	started := &answer{t: w.t, what: "POST /v1/imports", status: response.StatusCode, header: response.Header}
	raw := new(bytes.Buffer)
	_, err = raw.ReadFrom(response.Body)
	must(w.t, err)
	must(w.t, response.Body.Close())
	started.raw = raw.Bytes()
	return started
}

// stalled is how long an import may stand still before it counts as stuck. How
// long it takes is no concern of a test: that is the machine's.
const stalled = 2 * time.Minute

// uploaded waits until what was sent is in.
func (w *world) uploaded(started *answer) *answer {
	w.t.Helper()
	admin := w.signIn("admin")
	id := started.want(200, 201, 202).text("id")
	var done *answer
	rows, deadline := int64(-1), time.NewTimer(stalled)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		done = admin.get("/v1/imports/" + id).want(200)
		if done.text("state") != "running" {
			return done
		}
		if now := done.number("rows_total"); now != rows {
			rows = now
			deadline.Reset(stalled)
		}
		select {
		case <-deadline.C:
			w.t.Fatalf("the import stands still: %s", done.raw)
		case <-tick.C:
		}
	}
}

// items counts the live work items of the inbox of an organisation, and their sum.
func (w *world) items(organisation string) (n int, sum, held int64) {
	w.t.Helper()
	admin := w.signIn("admin")
	after := ""
	for {
		page := admin.get("/v1/work-items?limit=100&organisation=" + url.QueryEscape(organisation) + after).want(200)
		list, _ := page.at("data").([]any)
		for k := range list {
			n++
			sum += page.number("data", k, "invoice", "outstanding")
			if page.at("data", k, "invoice", "hold") != nil {
				held += page.number("data", k, "invoice", "outstanding")
			}
		}
		next := page.text("next")
		if next == "" {
			return n, sum, held
		}
		after = "&after=" + next
	}
}

const small = `customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate
C-1,1001,1/2/2013,2/1/2013,55.94,No,1/15/2013
C-1,1002,1/26/2013,2/25/2013,61.74,Yes,3/3/2013
C-2,1001,7/3/2013,31/02/2013,65.88,No,
C-2,1003,7/3/2013,8/2/2013,12.345,No,
C-2,1004,2/10/2013,3/12/2013,105.92,No,
`

// A file's good rows become work items, its bad ones are reported with line and
// reason, a disputed one is on hold, and the same file again adds nothing.
func TestImportOfASmallFile(t *testing.T) {
	w := openWorld(t)
	done := w.upload(w.branchB, "small.csv", []byte(small))
	if done.number("rows_new") != 3 || done.number("rows_bad") != 2 {
		t.Fatalf("the import says %s", done.raw)
	}
	if line := done.number("errors", 0, "line"); line != 4 {
		t.Fatalf("the first bad row is said to be line %d: %s", line, done.raw)
	}
	n, sum, held := w.items(w.branchB)
	if n != 3 || sum != 5594+6174+10592 || held != 6174 {
		t.Fatalf("%d items over %d, %d on hold", n, sum, held)
	}
	again := w.upload(w.branchB, "small.csv", []byte(small))
	if again.number("rows_new") != 0 || again.number("rows_same") != 3 {
		t.Fatalf("the second time it says %s", again.raw)
	}
	other := w.upload(w.branchB, "other.csv", []byte("customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount\nC-1,1001,1/2/2013,2/1/2013,99.00\n"))
	if other.number("rows_bad") != 1 {
		t.Fatalf("the same key with other content: %s", other.raw)
	}
}

// Two years of real receivables go in within a minute: 2,466 work items over
// 147,703.18, of which 36,746.12 on hold; the same file again adds nothing.
func TestImportOfTwoYearsOfReceivables(t *testing.T) {
	folder := os.Getenv("REMIT_SAMPLES")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	content, err := os.ReadFile(filepath.Join(folder, "receivables-2012-2013.csv"))
	if err != nil {
		t.Skipf("no sample data outside the repository: %v", err)
	}
	w := openWorld(t)
	began := time.Now()
	done := w.upload(w.branchA, "receivables-2012-2013.csv", content)
	took := time.Since(began)
	n, sum, held := w.items(w.branchA)
	t.Logf("%d rows in %s: %d items over %d.%02d, %d.%02d on hold", done.number("rows_new"), took.Round(time.Millisecond), n, sum/100, sum%100, held/100, held%100)
	if n != 2466 || sum != 14770318 || held != 3674612 {
		t.Fatalf("%d items over %d, %d on hold: %s", n, sum, held, done.raw)
	}
	t.Logf("items listed by %s", time.Since(began))
	again := w.upload(w.branchA, "again.csv", content)
	t.Logf("again by %s", time.Since(began))
	if again.number("rows_new") != 0 || again.number("rows_same") != 2466 {
		t.Fatalf("the second time: %s", again.raw)
	}
	if more, _, _ := w.items(w.branchA); more != n {
		t.Fatalf("%d items after the second time", more)
	}
}
