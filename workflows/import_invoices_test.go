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

// An import is carried on with until its file is through, however often the
// database is away in between, and only then are its invoices' workflows started.
func TestImportOutlivesFailures(t *testing.T) {
	d := newDesk(paid())
	ref := remit.ImportRef{Tenant: uuid.New(), Import: uuid.New()}
	tries, begun := 0, 0
	d.env.OnActivity((*activities.Imports)(nil).ImportFile, mock.Anything, ref).Return(func(context.Context, remit.ImportRef) error {
		if tries++; tries < 9 {
			return temporal.NewApplicationError("the database is away", "internal")
		}
		return nil
	})
	d.env.OnActivity((*activities.Imports)(nil).BeginImported, mock.Anything, ref).Return(func(context.Context, remit.ImportRef) error {
		if begun++; tries != 9 {
			t.Errorf("the workflows were started after %d tries", tries)
		}
		return nil
	})
	d.env.ExecuteWorkflow(remit.ImportInvoicesWorkflow, ref)
	if err := d.env.GetWorkflowError(); !d.env.IsWorkflowCompleted() || err != nil {
		t.Fatalf("the import ended with %v after %d tries", err, tries)
	}
	if tries != 9 || begun != 1 {
		t.Fatalf("%d tries, the workflows were started %d times", tries, begun)
	}
}
