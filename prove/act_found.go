package prove

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"remit/policies"
)

// sister is another organisation, whose account was made meanwhile.
type sister struct {
	tenant uuid.UUID
	top    string
}

// Another organisation has an Express account made while Stripe's answers are lost:
// it is to have one account, and not a second that nobody knows.
func doFound(ctx context.Context, w *world, a Act) {
	w.house.founding.Lock() // the platform's faults are all worlds'
	defer w.house.founding.Unlock()
	w.mutex.Lock()
	s := sister{top: fmt.Sprintf("%s-%d", w.top, len(w.sisters)+2)}
	w.mutex.Unlock()
	var err error
	if s.tenant, err = w.house.found(ctx, s.top, nil); err != nil {
		return // the database is down
	}
	owner, _, err := w.house.employ(ctx, s.top, "admin", policies.RoleOwner)
	if err != nil {
		return
	}
	w.mutex.Lock()
	w.sisters = append(w.sisters, s)
	w.mutex.Unlock()
	var lost FaultRule
	lost.Match.Method, lost.Match.Path, lost.Match.Times, lost.Effect = http.MethodPost, "/v1/accounts", 2, "drop_after"
	_, _ = w.house.platform.insist(ctx, patience, http.MethodPost, "/_sandbox/faults", "", Fault{Rules: []FaultRule{lost}})
	got, err := owner.insist(ctx, patience, http.MethodPost, "/v1/stripe/connection/express", w.key(), map[string]any{"country": "US"})
	w.answered(a.Kind, got, err)
	_, _ = w.house.platform.insist(ctx, patience, http.MethodPost, "/_sandbox/faults", "", Fault{})
}

// unmade says which account is not made that was begun.
func (s sister) unmade(ctx context.Context, h *house) (string, error) {
	var unmade bool
	err := h.sql.QueryRow(ctx, "select exists (select from connections where tenant = $1 and account = '')", s.tenant).Scan(&unmade)
	if err != nil || !unmade {
		return "", err
	}
	return "the account of " + s.top + " is not made", nil
}

// judged says what is wrong with a sister's account, or "".
func (s sister) judged(ctx context.Context, h *house) (string, error) {
	var id uuid.UUID
	var account string
	var n int
	err := h.sql.QueryRow(ctx, "select count(*), coalesce(min(id::text)::uuid, $2), coalesce(min(account), '') from connections where tenant = $1", s.tenant, uuid.Nil).Scan(&n, &id, &account)
	if err != nil || n == 0 { // it was not begun: the API was down
		return "", err
	}
	made, err := h.accountsMade(ctx, id.String())
	if err == nil && (n > 1 || len(made) != 1 || made[0] != account) {
		return fmt.Sprintf("%s has %d connections, the latest to %q; made for it were %q", s.top, n, account, made), nil
	}
	return "", err
}
