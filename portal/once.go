package portal

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

// newKey is the key a money form is sent with.
func newKey() string { return uuid.NewString() }

// errReused says that a form was sent before with other content, as happens
// after Back.
var errReused = remit.Errorf(remit.KindConflict, "idempotency_key_reused", "This form was sent before with other values. Check and send again.")

// once runs what a form asks at most once for its key. Sent twice, the second
// is led to where the first one led; while the first still runs, to waiting.
// What it returns is a local path or a hosted page's address.
//
// The work goes on when the browser goes away: money does not depend on a page
// being open.
func (v *visit) once(key, content, waiting string, work func(ctx context.Context) (leadsTo string, keep bool, err error)) (string, error) {
	return v.onceAt(formPlace{caller: "account:" + v.caller.Account.String(), path: v.path()}, key, content, waiting, work)
}

// formPlace is whose form it is, and which: a key is good for one of each.
type formPlace struct{ caller, path string }

// onceAt is [visit.once] for a form that does not belong to who is signed in.
func (v *visit) onceAt(at formPlace, key, content, waiting string, work func(ctx context.Context) (leadsTo string, keep bool, err error)) (string, error) {
	if key == "" || len(key) > 100 {
		return "", remit.Conflict(remit.CodeConflict, "This form cannot be sent again. Check and send it anew.")
	}
	place := postgres.RequestKey{Caller: at.caller, Path: at.path, Key: key}
	binding := secrets.AD{Table: "idempotency_keys", Column: "fingerprint", Row: strings.Join([]string{place.Caller, place.Path, place.Key}, "\n")}
	sums, err := v.do.Secrets.Fingerprints(secrets.RequestKeys, binding, []byte(content))
	if err != nil {
		return "", fmt.Errorf("fingerprint of the form: %w", err)
	}
	prints := make([][]byte, len(sums))
	for i := range sums {
		prints[i] = sums[i][:]
	}
	binding.Column = "answer"
	state, err := v.do.DB.TakeRequestKey(v.ctx(), place, prints)
	switch {
	case err != nil:
		return "", err
	case state.Differs:
		return "", errReused
	case state.Running:
		return waiting, nil
	case state.Answer != nil:
		plain, err := v.do.Secrets.Open(secrets.RequestAnswers, binding, state.Answer)
		return string(plain), err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx()), postgres.RequestKeyLease/2)
	defer cancel()
	v.caller.Asked = state.Asked
	free := v.do.DB.YieldRequestKey // a panic may come after the effect
	defer func() {
		if free != nil {
			v.free(ctx, free, place, *state.Taken)
		}
	}()
	leadsTo, keep, err := work(ctx)
	switch {
	case keep:
		free = nil
		v.keep(ctx, place, binding, *state.Taken, leadsTo)
	case err == nil || statusOf(remit.AsError(err).Kind) < http.StatusInternalServerError:
		free = v.do.DB.ReleaseRequestKey
	}
	return leadsTo, err
}

const storeTimeout = 5 * time.Second

// keep stores where a form led. If that fails the key stays taken until its
// lease ends, which is safer than doing the same again at once.
func (v *visit) keep(ctx context.Context, place postgres.RequestKey, binding secrets.AD, taken time.Time, leadsTo string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	sealed, err := v.do.Secrets.Seal(secrets.RequestAnswers, binding, []byte(leadsTo))
	if err == nil {
		err = v.do.DB.KeepAnswer(ctx, place, taken, 303, sealed)
	}
	if err != nil {
		v.portal.logger.ErrorContext(ctx, "where a form led was not kept", "error", err)
	}
}

func (v *visit) free(ctx context.Context, how func(context.Context, postgres.RequestKey, time.Time) error, place postgres.RequestKey, taken time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := how(ctx, place, taken); err != nil {
		v.portal.logger.ErrorContext(ctx, "a form's key was not freed", "error", err)
	}
}
