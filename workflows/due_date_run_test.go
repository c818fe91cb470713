package workflows_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/temporal"

	"remit"
	"remit/activities"
)

// A run whose page fails however often it is tried ends as failed, so that the
// schedule's next run may begin.
func TestRunThatCannotGoOnEnds(t *testing.T) {
	d := newDesk(paid())
	run := uuid.New()
	ref := remit.DueDateRunRef{Tenant: uuid.New(), Run: &run}
	tries, ended := 0, ""
	steps := (*activities.DueDates)(nil)
	d.env.OnActivity(steps.BeginDueDateRun, mock.Anything, ref).Return(&run, nil)
	d.env.OnActivity(steps.ChargeDuePage, mock.Anything, ref).Return(func(context.Context, remit.DueDateRunRef) (bool, error) {
		tries++
		return false, temporal.NewApplicationError("the database is away", "internal")
	})
	d.env.OnActivity(steps.EndDueDateRun, mock.Anything, mock.Anything).Return(func(_ context.Context, ref remit.DueDateRunRef) error {
		ended = ref.Failure
		return nil
	})
	d.env.ExecuteWorkflow(remit.DueDateRunWorkflow, ref)
	if err := d.env.GetWorkflowError(); !d.env.IsWorkflowCompleted() || err != nil {
		t.Fatalf("the run ended with %v after %d tries", err, tries)
	}
	if tries < 20 || tries > 60 || ended == "" {
		t.Errorf("after %d tries it ended as %q", tries, ended)
	}
}
