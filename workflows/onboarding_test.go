package workflows_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/testsuite"

	"remit"
	"remit/activities"
)

// A year passes at an account, with events in between in whatever order, looks that
// fail and looks that somebody asks for: it is looked at each day, never forgotten, and
// the workflow ends with the connection alone.
func TestOnboardingFollowsAnAccountForAYear(t *testing.T) {
	d := newDesk(paid())
	r := rand.New(rand.NewPCG(7, 7))
	start := d.env.Now()
	ends := start.Add(365 * 24 * time.Hour)
	last, looks := start, 0
	d.env.OnActivity((*activities.Connections)(nil).LookAtConnection, mock.Anything, mock.Anything).
		Return(func(context.Context, remit.ConnectionRef) (activities.ConnectionNext, error) {
			now := d.env.Now()
			if now.Sub(last) > 25*time.Hour {
				t.Errorf("it was not looked at from %s to %s", last, now)
			}
			last = now
			looks++
			if !now.Before(ends) {
				return activities.ConnectionNext{}, nil
			}
			if r.IntN(20) == 0 {
				return activities.ConnectionNext{}, errors.New("Stripe does not answer")
			}
			in := min((remit.Connection{Account: "acct_1", Status: remit.ConnectionActive, CreatedAt: start}).NextLook(now), ends.Sub(now))
			return activities.ConnectionNext{WakeIn: &in}, nil
		})
	for range 60 {
		at := time.Duration(r.Int64N(int64(365 * 24 * time.Hour)))
		d.env.RegisterDelayedCallback(func() { d.env.SignalWorkflow(remit.SignalWake, remit.Wake{Why: "account.updated"}) }, at)
	}
	asked, answered := 10, 0
	for n := range asked {
		d.env.RegisterDelayedCallback(func() {
			d.env.UpdateWorkflow(remit.UpdateLook, uuid.NewString(), &testsuite.TestUpdateCallback{
				OnAccept: func() {}, OnReject: func(err error) { t.Error(err) }, OnComplete: func(any, error) { answered++ },
			})
		}, time.Duration(n+1)*30*24*time.Hour)
	}
	d.env.ExecuteWorkflow(remit.OnboardingWorkflow, remit.ConnectionRef{Tenant: uuid.New(), Connection: uuid.New()})
	if err := d.env.GetWorkflowError(); !d.env.IsWorkflowCompleted() || err != nil {
		t.Fatalf("the workflow ended with %v", err)
	}
	if answered != asked {
		t.Errorf("%d of %d looks that were asked for were answered", answered, asked)
	}
	if looks < 365 || looks > 365+200 {
		t.Errorf("it was looked at %d times in a year", looks)
	}
	if d.env.Now().Before(ends) {
		t.Errorf("it ended at %s", d.env.Now())
	}
}
