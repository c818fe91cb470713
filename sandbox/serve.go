package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
)

// APIVersion is the one version of Stripe's API that is answered.
const APIVersion = "2024-06-20"

const maxBody = 1 << 20

// Handler serves the API under /v1/, its controls under /_sandbox/ and pages
// for people under /_hosted/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.serveAPI)
	mux.HandleFunc("/_sandbox/", s.serveControl)
	for pattern, h := range hostedRoutes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h(s, w, r) })
	}
	return mux
}

// answer is a finished response.
type answer struct {
	status   int
	body     []byte
	request  string // its own id
	original string // the request that is replayed, "" if none
	retry    string // Stripe-Should-Retry
	limited  string // Stripe-Rate-Limited-Reason
	fault    verdict
}

func (s *Server) serveAPI(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Stripe-Version", APIVersion)
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		rw.Header().Set("Idempotency-Key", key)
	}
	a := s.answerAPI(r)
	if a.fault.dropAfter || a.fault.dropBefore {
		drop(rw)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("Request-Id", a.request)
	if a.original != "" {
		h.Set("Idempotent-Replayed", "true")
		h.Set("Original-Request", a.original)
	}
	if a.retry != "" {
		h.Set("Stripe-Should-Retry", a.retry)
	}
	if a.limited != "" {
		h.Set("Stripe-Rate-Limited-Reason", a.limited)
	}
	rw.WriteHeader(a.status)
	rw.Write(a.body)
}

// drop closes the connection instead of answering. It sends the first bytes of
// a status line before, because net/http silently repeats a request with an
// Idempotency-Key if a kept-alive connection ends before any byte, and the
// caller would never meet the fault.
func drop(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil { // HTTP/2, or a writer that records
		panic(http.ErrAbortHandler)
	}
	_, _ = conn.Write([]byte("HTTP/1.1 ")) // the connection ends either way
	_ = conn.Close()
}

// answerAPI takes a request through its stages: key, form, faults, limit,
// route, parameters, idempotency, execution.
func (s *Server) answerAPI(r *http.Request) answer {
	a := answer{request: newRequestID()}
	world, platform, failed := s.authenticate(r)
	if failed != nil {
		return a.with(failed, "")
	}
	p, failed := readParams(r)
	if failed != nil {
		return a.with(failed, world.id)
	}
	rt, vars := s.routes.find(r.Method, r.URL.Path)
	caller := world
	if rt != nil && rt.about != "" && platform == "" {
		if world, platform, failed = s.subjectOf(rt, vars, p, caller, bearer(r)); failed != nil {
			return a.with(failed, caller.id)
		}
	}
	if failed := caller.admit(r, &a); failed != nil {
		return a.with(failed, world.id)
	}
	if rt == nil {
		return a.with(unrecognized(r.Method, r.URL.Path), world.id)
	}
	c := &call{p: p, vars: vars, path: r.URL.Path, platform: platform}
	c.expand = p.strings("expand")
	key := ""
	if r.Method == http.MethodPost {
		key = r.Header.Get("Idempotency-Key")
	}
	if len(key) > 255 {
		return a.with(invalidParam("", "", "Idempotency-Key can be at most 255 characters"), world.id)
	}
	done := world.run(r, rt, c, key, a)
	caller.count(rt, done)
	return done
}

func newRequestID() string { return "req_" + random(14) }

func (a answer) with(e *apiError, account string) answer {
	a.status, a.retry = e.Status, e.retry
	a.body = encode(e.forWire(account, a.request))
	return a
}

func readParams(r *http.Request) (*params, *apiError) {
	if v := r.Header.Get("Stripe-Version"); v != "" && v != APIVersion {
		return nil, invalidParam("", "", "Invalid Stripe API version: %s. This server answers %s only.", v, APIVersion)
	}
	if r.Method != http.MethodPost {
		return parseParams(r.URL.RawQuery)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, invalidParam("", "", "The request's body could not be read.")
	}
	if len(body) > maxBody {
		e := invalidParam("", "", "The request's body is larger than %d bytes.", maxBody)
		e.Status = http.StatusRequestEntityTooLarge
		return nil, e
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if len(body) > 0 && !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
		return nil, invalidParam("", "", "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.")
	}
	return parseParams(string(body))
}

// admit applies what happens at the edge, before anything is executed: faults
// on demand and the rate limit.
func (w *world) admit(r *http.Request, a *answer) *apiError {
	w.mu.Lock()
	a.fault = w.faults.judge(r.Method, r.URL.Path)
	limited := a.fault.rateLimit || !w.meter.allow(w.server.now(), w.begin().settings().RateLimit)
	if limited {
		w.seen.Limited++
	}
	w.mu.Unlock()
	switch {
	case limited:
		a.limited = "global-rate"
		return rateLimited()
	case a.fault.lockTimeout:
		return lockTimeout()
	case a.fault.dropBefore:
		return internalError() // never sent: the connection is closed
	case a.fault.before != 0:
		return edgeError(a.fault.before)
	}
	return nil
}

// run executes the request, or replays the answer that its key was given.
func (w *world) run(r *http.Request, rt *route, c *call, key string, a answer) answer {
	digest := ""
	if key != "" {
		digest = w.server.digest(24, r.Method, r.URL.Path, c.p.canonical())
	}
	w.mu.Lock()
	if key != "" {
		record, failed := w.keys.claim(key, digest, w.now())
		if failed != nil {
			failed.retry = shouldRetry(failed)
			w.mu.Unlock()
			return a.with(failed, w.id)
		}
		if record != nil {
			position := w.server.journal.position()
			w.mu.Unlock()
			return w.replayed(record, a, position)
		}
	}
	if a.fault.delay > 0 { // while the key is in use
		w.mu.Unlock()
		w.server.pause(a.fault.delay)
		w.mu.Lock()
	}
	c.tx = w.begin()
	c.tx.request = eventRequest{ID: &a.request}
	if key != "" {
		c.tx.request.IdempotencyKey = &key
	}
	done, store := w.execute(rt, c, a)
	var record *idempotencyRecord
	if key != "" && store {
		record = &idempotencyRecord{
			Key: key, Digest: digest, At: c.at.UnixNano(),
			Status: done.status, Body: done.body, RequestID: a.request,
		}
	}
	position := c.commit(record)
	w.mu.Unlock()
	position = max(position, w.carryErrands())
	err := w.server.journal.wait(position)
	if key != "" {
		w.mu.Lock()
		w.keys.release(key)
		w.mu.Unlock()
	}
	if err != nil {
		return a.with(internalError(), w.id)
	}
	if done.fault.after != 0 && !done.fault.stored {
		return done.with(edgeError(done.fault.after), w.id)
	}
	return done
}

// execute calls the handler and encodes its answer. store says whether the
// answer is to be remembered under the request's key.
func (w *world) execute(rt *route, c *call, a answer) (done answer, store bool) {
	body, err := w.handle(rt, c)
	if err != nil {
		var failed *apiError
		if !errors.As(err, &failed) {
			w.server.logger.Error("sandbox: request failed", "path", c.path, "error", err)
			failed = internalError()
		}
		if !failed.commits {
			c.tx.discard()
		}
		a = a.with(failed, w.id)
		if failed.Status == http.StatusPaymentRequired {
			a.retry = "false"
		}
		store = !failed.unexecuted
	} else {
		a.status, a.body, store = http.StatusOK, body, true
	}
	if a.fault.after != 0 && a.fault.stored {
		a = a.with(edgeError(a.fault.after), w.id)
		a.retry, store = "false", true
	}
	return a, store
}

// handle keeps a handler that panics from taking the account's lock with it.
func (w *world) handle(rt *route, c *call) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	value, err := rt.handle(c)
	if err != nil {
		return nil, err
	}
	if c.p.errs.first != nil {
		return nil, c.p.errs.first
	}
	return c.render(value)
}

func (t *tx) discard() {
	t.changes, t.staged = nil, map[string]object{}
}

// replayed answers from a record, once it is on disk.
func (w *world) replayed(record *idempotencyRecord, a answer, position uint64) answer {
	if err := w.server.journal.wait(position); err != nil {
		return a.with(internalError(), w.id)
	}
	a.status, a.body, a.original = record.Status, record.Body, record.RequestID
	if a.status != http.StatusOK {
		a.retry = "false"
	}
	if a.fault.after != 0 && !a.fault.stored {
		return a.with(edgeError(a.fault.after), w.id)
	}
	return a
}

func shouldRetry(e *apiError) string {
	if e.Status == http.StatusConflict {
		return "true"
	}
	return "false"
}

func internalError() *apiError {
	return &apiError{
		Status: 500, Type: typeAPI, unexecuted: true,
		Message: "An unknown error occurred. Please try again later.",
	}
}

// edgeError is a 5xx that something in front of the API gave.
func edgeError(status int) *apiError {
	e := internalError()
	e.Status = status
	e.Message = "An error occurred internally with Stripe. Please try again later."
	return e
}

func rateLimited() *apiError {
	return &apiError{
		Status: 429, Type: typeInvalid, Code: "rate_limit", unexecuted: true,
		Message: "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
	}
}

func lockTimeout() *apiError {
	return &apiError{
		Status: 429, Type: typeInvalid, Code: "lock_timeout", unexecuted: true, retry: "true",
		Message: "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts.",
	}
}
