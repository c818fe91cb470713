package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"

	"remit"
)

var (
	searchOrganisation = temporal.NewSearchAttributeKeyKeyword(remit.SearchOrganisation)
	searchInvoice      = temporal.NewSearchAttributeKeyKeyword(remit.SearchInvoice)
	searchState        = temporal.NewSearchAttributeKeyKeyword(remit.SearchState)
	searchDueDate      = temporal.NewSearchAttributeKeyTime(remit.SearchDueDate)
)

// SearchAttributes are what an operator finds an invoice's workflow by.
func SearchAttributes(organisation, invoice uuid.UUID, status remit.InvoiceStatus, due remit.Date) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		searchOrganisation.ValueSet(organisation.String()),
		searchInvoice.ValueSet(invoice.String()),
		searchState.ValueSet(string(status)),
		searchDueDate.ValueSet(due.StartIn(time.UTC)),
	)
}
