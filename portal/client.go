package portal

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// Bounds of a customer's own pages.
const (
	clientInvoices = 100 // shown
	clientAtOnce   = 20  // paid in one go
)

// clientHome lists what the customer owes (U5). Others have their inbox.
func (v *visit) clientHome() error {
	if v.member.Customer == nil {
		return remit.NotFound()
	}
	view := page.Client{Shell: v.shell("Invoices", "")}
	var err error
	if view.Open, view.MoreOpen, err = v.owedInvoices(*v.member.Customer, clientInvoices); err != nil {
		return err
	}
	list, err := v.do.Invoices(v.ctx(), v.caller, commands.InvoiceFilter{Organisation: v.place()}, commands.Page{After: v.query("after"), Limit: clientInvoices})
	if err != nil {
		return err
	}
	for _, i := range list.Items {
		if i.Status.AtRest() || i.Outstanding == 0 {
			view.Rest = append(view.Rest, i)
		}
	}
	if list.Next != "" {
		view.Next = "/portal?" + url.Values{"after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.ClientPage(view))
}

// owedInvoices are a customer's invoices of which something is left, the
// earliest due first, however many were paid before.
func (v *visit) owedInvoices(customer uuid.UUID, limit int) (owed []remit.Invoice, more bool, err error) {
	for _, status := range []remit.InvoiceStatus{remit.InvoiceOpen, remit.InvoicePartiallyPaid, remit.InvoiceProcessing, remit.InvoiceContested} {
		filter := commands.InvoiceFilter{Organisation: v.place(), Customer: &customer, Status: status}
		list, err := v.do.Invoices(v.ctx(), v.caller, filter, commands.Page{Limit: limit})
		if err != nil {
			return nil, false, err
		}
		owed, more = append(owed, list.Items...), more || list.Next != ""
	}
	owed = slices.DeleteFunc(owed, func(i remit.Invoice) bool { return i.Outstanding == 0 })
	slices.SortStableFunc(owed, func(a, b remit.Invoice) int { return a.DueDate.Compare(b.DueDate) })
	if len(owed) > limit {
		owed, more = owed[:limit], true
	}
	return owed, more, nil
}

func (v *visit) clientInvoice() error {
	i, err := v.clientsOwn(v.gin.Param("id"))
	if err != nil {
		return err
	}
	found, err := v.do.CustomersInvoice(v.ctx(), v.caller, i.ID)
	if err != nil {
		return err
	}
	view := page.ClientInvoice{Now: found.Now, Customer: "/customers/" + v.member.Customer.String(), Public: page.Public{
		Shell: v.shell("Invoice "+i.Number, "payer"), State: found.State, Invoice: found.Invoice, Zone: found.Zone, At: found.At, Receipts: found.Receipts, Late: found.Late,
		PDF: "/invoices/" + i.ID.String() + "/pdf",
	}}
	view.Wallet = v.walletFor(i.CustomerID, i)
	if led, err := v.methodFirst(view.Wallet, i); led || err != nil {
		return err
	}
	if view.Payments, err = v.do.Payments(v.ctx(), v.caller, i.ID); err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ClientInvoicePage(view))
}

// clientsOwn is an invoice of the visitor's customer.
func (v *visit) clientsOwn(text string) (remit.Invoice, error) {
	id, err := uuid.Parse(text)
	if err != nil || v.member.Customer == nil {
		return remit.Invoice{}, remit.NotFound()
	}
	return v.do.Invoice(v.ctx(), v.caller, id)
}
