package stripespec

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// Checker stands in front of a Stripe stand-in and holds every answer under
// /v1/ against the document. Put it around the handler of a test's server and
// the whole test becomes a conformance test.
type Checker struct {
	spec   *Spec
	next   http.Handler
	report func(error)
}

// NewChecker returns a handler that answers as next does and calls report for
// each answer that Stripe would not give. Report may be called by several
// goroutines at once. Answers with an empty body are not judged.
func NewChecker(spec *Spec, next http.Handler, report func(error)) *Checker {
	return &Checker{spec: spec, next: next, report: report}
}

// ServeHTTP implements [http.Handler].
func (c *Checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		c.next.ServeHTTP(w, r)
		return
	}
	form, err := form(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	recorder := httptest.NewRecorder()
	c.next.ServeHTTP(recorder, r)
	body := recorder.Body.Bytes()
	// An unknown path is the caller's mistake, and the 404 is right.
	_, known := c.spec.find(r.Method, r.URL.Path)
	if len(body) > 0 && (known || recorder.Code != http.StatusNotFound) {
		if err := c.spec.CheckResponse(r.Method, r.URL.RequestURI(), recorder.Code, body, queryExpand(form)...); err != nil {
			c.report(err)
		}
	}
	maps.Copy(w.Header(), recorder.Header())
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(body) // the client is gone; nobody is left to tell
}

// form reads a form body and puts it back for the next reader.
func form(r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil, nil
	}
	return url.ParseQuery(string(body))
}
