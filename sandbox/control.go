package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// serveControl answers the stand-in's own paths, which no Stripe has. They
// take the account's key like the API and JSON like nothing of Stripe's.
func (s *Server) serveControl(rw http.ResponseWriter, r *http.Request) {
	w, _, failed := s.authenticate(r)
	path := strings.TrimPrefix(r.URL.Path, "/_sandbox")
	if rest, ok := strings.CutPrefix(path, "/accounts/"); ok && failed == nil {
		w, path, failed = s.steered(w, rest, bearer(r))
	}
	var value any
	var position uint64
	if failed == nil {
		value, position, failed = w.control(r, path)
		position = max(position, w.carryErrands())
	}
	if failed == nil && s.journal.wait(position) != nil {
		failed = internalError()
	}
	status := http.StatusOK
	if failed != nil {
		status, value = failed.Status, failed.forWire("", "")
	}
	body := encode(value)
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	rw.Write(body) //nolint:gosec // JSON, and said so
}

// steered is the connected account that a platform's control is for, and what
// of the path is the control's: /accounts/{id} is its /account, and
// /accounts/{id}/charges its /charges.
func (s *Server) steered(platform *world, path, key string) (*world, string, *apiError) {
	id, rest, more := strings.Cut(path, "/")
	if !more {
		rest = "account"
	}
	if w, ok := s.known(id); ok && w.connectedTo(platform.id) {
		return w, "/" + rest, nil
	}
	return nil, "", noAccess(key, id)
}

func (w *world) control(r *http.Request, path string) (value any, position uint64, failed *apiError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.begin()
	position = w.server.journal.position()
	event, resending := strings.CutPrefix(strings.TrimSuffix(path, "/resend"), "/events/")
	switch {
	case r.Method == "GET" && path == "/books":
		value, failed = t.showBooks(r)
	case r.Method == "GET" && path == "/clock":
		value = clockAnswer{w.id, t.at.UTC()}
	case r.Method == "POST" && path == "/clock":
		value, position, failed = w.moveClock(r)
	case r.Method == "GET" && path == "/faults":
		value = w.faults.report()
	case r.Method == "POST" && path == "/faults":
		failed = w.setFaults(r)
		value = w.faults.report()
	case r.Method == "DELETE" && path == "/faults":
		w.faults = &faultPlan{}
		value = w.faults.report()
	case r.Method == "GET" && path == "/settings":
		value = t.settings()
	case r.Method == "POST" && path == "/settings":
		value, failed = t.changeSettings(r)
		position = t.commit(nil)
	case r.Method == "POST" && path == "/account":
		value, failed = t.changeAccount(r)
		position = t.commit(nil)
	case r.Method == "GET" && path == "/platform":
		value = t.showPlatform()
	case r.Method == "POST" && path == "/platform":
		value, failed = t.changePlatform(r)
		position = t.commit(nil)
	case r.Method == "POST" && path == "/keys":
		value, failed = t.changeKeys(r)
		position = t.commit(nil)
	case r.Method == "POST" && resending && strings.HasSuffix(path, "/resend"):
		value, failed = t.resend(event)
		position = t.commit(nil)
	case r.Method == "POST":
		var known bool
		value, known, failed = t.actOn(r, path)
		if !known {
			failed = unrecognized(r.Method, r.URL.Path)
		}
		position = t.commit(nil)
	default:
		failed = unrecognized(r.Method, r.URL.Path)
	}
	return value, position, failed
}

// readControl decodes a JSON body; a field it does not know is an error.
func readControl(r *http.Request, into any) *apiError {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return invalidParam("", "", "The body could not be read.")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return invalidParam("", "", "Invalid JSON body: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

type clockAnswer struct {
	Account string    `json:"account"`
	Now     time.Time `json:"now"`
}

func (w *world) moveClock(r *http.Request) (any, uint64, *apiError) {
	var wish struct {
		AdvanceDays    int64      `json:"advance_days"`
		AdvanceSeconds int64      `json:"advance_seconds"`
		To             *time.Time `json:"to"`
		Start          *time.Time `json:"start"`
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, 0, failed
	}
	if wish.Start != nil {
		if !w.untouched() {
			return nil, 0, invalidParam("", "start", "Only an account in which nothing has happened can be given a time to start at.")
		}
		position := w.startAt(*wish.Start)
		return clockAnswer{w.id, w.now().UTC()}, position, nil
	}
	now := w.now()
	to := now.AddDate(0, 0, int(wish.AdvanceDays)).Add(time.Duration(wish.AdvanceSeconds) * time.Second)
	if wish.To != nil {
		to = *wish.To
	}
	if !to.After(now) {
		return nil, 0, invalidParam("", "to", "The clock shows %s and only goes forward.", now.UTC().Format(time.RFC3339))
	}
	if to.Year() > 2200 {
		return nil, 0, invalidParam("", "to", "The clock goes to the year 2200.")
	}
	position := w.advance(to)
	return clockAnswer{w.id, w.now().UTC()}, position, nil
}

func (w *world) setFaults(r *http.Request) *apiError {
	var spec FaultSpec
	if failed := readControl(r, &spec); failed != nil {
		return failed
	}
	if failed := spec.check(); failed != nil {
		return failed
	}
	w.faults = newFaultPlan(spec)
	return nil
}

func (t *tx) changeSettings(r *http.Request) (any, *apiError) {
	s := t.settings()
	if s.Declines != nil {
		mix := *s.Declines // what is stored stays until all of it was read
		s.Declines = &mix
	}
	if failed := readControl(r, s); failed != nil {
		return nil, failed
	}
	if s.Timeout < 1 {
		return nil, invalidParam("", "webhook_timeout_ms", "webhook_timeout_ms must be at least 1.")
	}
	if s.Settle < 0 {
		return nil, invalidParam("", "settle_ms", "settle_ms must be 0 or more.")
	}
	if s.RateLimit < 0 || s.RateLimit > 1_000_000 {
		return nil, invalidParam("", "rate_limit", "rate_limit must be between 0, which is no limit, and 1000000 requests a second.")
	}
	if s.Microdeposits != byCode && s.Microdeposits != byAmounts {
		return nil, invalidParam("", "microdeposits", "microdeposits must be descriptor_code or amounts.")
	}
	if s.Declines != nil && (s.Declines.Percent < 0 || s.Declines.Percent > 100) {
		return nil, invalidParam("", "declines", "declines.percent must be from 0 to 100.")
	}
	if s.verification() < 0 {
		return nil, invalidParam("", "verification_ms", "verification_ms must be 0 or more.")
	}
	for _, wait := range s.RetrySchedule {
		if wait < 0 {
			return nil, invalidParam("", "webhook_retry_ms", "webhook_retry_ms holds waits of 0 or more milliseconds.")
		}
	}
	t.put(s)
	return s, nil
}

// changeKeys lets another key open this account, or ends one: what rolling a
// key in the dashboard does.
func (t *tx) changeKeys(r *http.Request) (any, *apiError) {
	var wish struct {
		Alias  string `json:"alias"`
		Revoke string `json:"revoke"`
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	for field, key := range map[string]string{"alias": wish.Alias, "revoke": wish.Revoke} {
		if key != "" && !testKey(key) {
			return nil, invalidParam("", field, "%s must be a key beginning with sk_test_ or rk_test_.", field)
		}
	}
	if wish.Alias != "" {
		owner, taken := t.server.owner(keyID(wish.Alias))
		if taken && owner != t.world {
			return nil, refuse("", "alias", "This key has opened an account of its own already.")
		}
		if !taken {
			t.open(keyID(wish.Alias))
		}
	}
	if wish.Revoke != "" {
		k, ok := get[apiKey](t, keyID(wish.Revoke))
		if !ok {
			return nil, refuse("", "revoke", "This key does not open this account.")
		}
		k.Revoked = true
		t.put(k)
	}
	return map[string]string{"account": t.world.id}, nil
}

// resend delivers an event once more to every endpoint that wants it, like the
// dashboard's button.
func (t *tx) resend(id string) (any, *apiError) {
	e, ok := get[event](t, id)
	if !ok {
		return nil, missingPath(events, "id", id)
	}
	t.deliverLater(e)
	return t.wire(e), nil
}
