package api

import (
	"context"
	"net/http"
	"sort"
	"sync"
	"time"

	"remit"
)

const (
	readyBudget = time.Second     // for all parts together
	readyFor    = 2 * time.Second // how long one look counts
)

// readiness looks whether the parts answer, at most once every [readyFor], so
// that nobody can make it expensive by asking.
type readiness struct {
	look func(context.Context) map[string]string
	now  func() time.Time

	mu       sync.Mutex
	looked   time.Time
	problems map[string]string
}

func (r *readiness) check(ctx context.Context) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.looked.IsZero() || now.Sub(r.looked) >= readyFor {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyBudget)
		defer cancel()
		r.problems = r.look(ctx)
		r.looked = r.now()
	}
	return r.problems
}

type healthBody struct {
	Status string `json:"status"`
}

func healthz(*call) (answer, error) { return ok(healthBody{"ok"}) }

func readyz(c *call) (answer, error) {
	problems := c.server.ready.check(c.ctx())
	if len(problems) == 0 {
		return ok(healthBody{"ready"})
	}
	unready := &remit.Error{Kind: remit.KindUnavailable, Code: remit.CodeUnavailable, Message: "Not ready to serve."}
	for part, message := range problems {
		unready.Fields = append(unready.Fields, remit.FieldError{Field: part, Message: message})
	}
	sort.Slice(unready.Fields, func(i, j int) bool { return unready.Fields[i].Field < unready.Fields[j].Field })
	return answer{}, unready
}

func openapiDocument(*call) (answer, error) {
	return answer{status: http.StatusOK, raw: document, header: http.Header{"Content-Type": {"application/yaml"}}}, nil
}
