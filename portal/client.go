package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/money"
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
	list, err := v.do.Invoices(v.ctx(), v.caller, commands.InvoiceFilter{Organisation: v.place()}, commands.Page{Limit: clientInvoices})
	if err != nil {
		return err
	}
	view := page.Client{Shell: v.shell("Invoices", ""), More: list.Next != ""}
	for _, i := range list.Items {
		if i.Status.AtRest() || i.Outstanding == 0 {
			view.Rest = append(view.Rest, i)
		} else {
			view.Open = append(view.Open, i)
		}
	}
	return v.show(http.StatusOK, page.ClientPage(view))
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
	view := page.Public{Shell: v.shell("Invoice "+i.Number, "payer"), State: found.State, Invoice: found.Invoice, Zone: found.Zone, At: found.At, Receipts: found.Receipts}
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

// clientPayPage shows what was ticked, its sum and what to pay with.
func (v *visit) clientPayPage() error {
	ids := v.gin.QueryArray("invoice")
	if len(ids) == 0 {
		view := page.ClientPay{Shell: v.shell("Pay", "payer"), Blocked: "Tick what you want to pay.", Back: page.Link{Label: "Back to your invoices", Href: "/portal"}}
		return v.show(http.StatusUnprocessableEntity, page.ClientPayPage(view))
	}
	view, err := v.clientPayView(ids)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ClientPayPage(view))
}

func (v *visit) clientPayView(ids []string) (page.ClientPay, error) {
	if v.member.Customer == nil {
		return page.ClientPay{}, remit.NotFound()
	}
	view := page.ClientPay{Shell: v.shell("Pay", "payer"), Key: newKey(), Back: page.Link{Label: "Back to your invoices", Href: "/portal"}}
	if len(ids) > clientAtOnce {
		return view, remit.Invalid("invoice", "Pay at most %d invoices at once.", clientAtOnce)
	}
	for _, text := range slices.Compact(ids) {
		i, err := v.clientsOwn(text)
		if err != nil {
			return view, err
		}
		if err := remit.CollectableNow(i); err != nil {
			view.Blocked = i.Number + ": " + remit.AsError(err).Message
		}
		view.Invoices = append(view.Invoices, i)
	}
	slices.SortStableFunc(view.Invoices, func(a, b remit.Invoice) int { return a.DueDate.Compare(b.DueDate) })
	if view.Blocked == "" {
		if err := v.do.MayCollect(v.ctx(), v.caller, view.Invoices[0].Organisation); err != nil {
			view.Blocked = "Online payment is not available now."
		}
	}
	methods, err := v.do.PaymentMethods(v.ctx(), v.caller, *v.member.Customer)
	if err != nil {
		v.portal.logger.WarnContext(v.ctx(), "saved methods were not read", "error", err)
	}
	view.Methods = methods
	for _, m := range methods {
		if m.Status == remit.MethodUsable && (m.Default || view.Method == "") {
			view.Method = m.ID.String()
		}
	}
	switch {
	case view.Method != "":
	case len(view.Invoices) == 1:
		view.Method = methodOnce
	case view.Blocked == "":
		view.Blocked = "To pay several invoices at once, save a card first, on your payment settings."
	}
	return view, nil
}

// clientPay charges what the page showed, one invoice after the other.
func (v *visit) clientPay() error {
	rows := v.gin.PostFormArray("owed")
	var ids []string
	for _, row := range rows {
		id, _, _ := strings.Cut(row, " ")
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return remit.Invalid("owed", "Tick what you want to pay.")
	}
	view, err := v.clientPayView(ids)
	if err != nil {
		return err
	}
	in, err := v.clientInput(view)
	if err != nil {
		return v.clientPayAgain(view, err)
	}
	result := "/portal/paid?" + url.Values{"invoice": ids}.Encode()
	leadsTo, err := v.once(v.typed("key"), strings.Join(append(rows, v.typed("method")), "\n"), result, func(ctx context.Context) (string, bool, error) {
		// Asked here, so that a form sent twice leads to where it led first.
		for _, i := range view.Invoices {
			if err := unchanged(i, rows); err != nil {
				return "", false, err
			}
		}
		return v.payEach(ctx, view.Invoices, in, result)
	})
	switch {
	case err != nil:
		return v.clientPayAgain(view, err)
	case local(leadsTo):
		return v.goTo(leadsTo, "")
	}
	return v.leave(leadsTo)
}

// payEach pays invoices in order, and stops at the first that does not go
// through: the same method is not tried again at once.
func (v *visit) payEach(ctx context.Context, invoices []remit.Invoice, in commands.PayInput, result string) (leadsTo string, keep bool, err error) {
	for n, i := range invoices {
		in.Amount = i.Outstanding
		outcome, err := v.do.PayInvoice(ctx, v.caller, i.ID, commands.Given(in))
		var declined *commands.DeclinedError
		switch {
		case errors.As(err, &declined):
			return result, true, nil // a decline is a result
		case err != nil && n == 0:
			return "", false, err
		case err != nil:
			v.portal.logger.WarnContext(ctx, "one of several invoices was not paid", "invoice", i.ID, "error", err)
			return result, true, nil
		case outcome.Checkout != nil:
			return outcome.Checkout.URL, true, nil
		case !outcome.Done:
			return result, true, nil // the others wait until this one is known
		}
	}
	return result, true, nil
}

// unchanged reports that an invoice still owes what its row showed.
func unchanged(i remit.Invoice, rows []string) error {
	for _, row := range rows {
		id, typed, _ := strings.Cut(row, " ")
		if id != i.ID.String() {
			continue
		}
		owed, err := money.ParseDecimal(typed, money.Currency(i.Currency))
		if err == nil && owed.Minor == i.Outstanding {
			return nil
		}
	}
	return remit.Conflict(remit.CodeConflict, "%s: %s is owed now. Check and pay again.", i.Number, page.Money(i.Outstanding, i.Currency))
}

func (v *visit) clientInput(view page.ClientPay) (commands.PayInput, error) {
	in := commands.PayInput{Keyed: true}
	switch method := v.typed("method"); {
	case (method == methodOnce || method == methodSave) && len(view.Invoices) == 1:
		in.Checkout, in.Save, in.ReturnPath = true, method == methodSave, "/portal/invoices/"+view.Invoices[0].ID.String()
	default:
		id, err := uuid.Parse(method)
		if err != nil {
			return in, wrong("payment_method", "Choose what to pay with.")
		}
		in.PaymentMethod = &id
	}
	return in, nil
}

func (v *visit) clientPayAgain(view page.ClientPay, err error) error {
	p, status, mendable := problems(err, "payment_method")
	if !mendable {
		v.failWith(err, true)
		return nil
	}
	view.Problems = p
	return v.show(status, page.ClientPayPage(view))
}

// clientPaid lists how each invoice came out.
func (v *visit) clientPaid() error {
	ids := v.gin.QueryArray("invoice")
	if len(ids) == 0 || len(ids) > clientAtOnce {
		return remit.NotFound()
	}
	view := page.ClientResult{Shell: v.shell("Payment", "payer")}
	now := ""
	for _, text := range ids {
		i, err := v.clientsOwn(text)
		if err != nil {
			return err
		}
		payments, err := v.do.Payments(v.ctx(), v.caller, i.ID)
		if err != nil {
			return err
		}
		_, last := lastAttempt(payments)
		view.Outcomes = append(view.Outcomes, page.ClientOutcome{Invoice: i, Attempt: last})
		if last != nil {
			now += last.ID.String()[24:] + string(last.State)
			if last.State.Live() && last.State != remit.AttemptRequiresAction {
				view.Poll = "/portal/paid?" + url.Values{"invoice": ids}.Encode()
			}
		}
	}
	if view.Poll != "" {
		view.Poll += "&" + url.Values{"known": {now}}.Encode()
		view.Refresh = noScriptRefresh
	}
	if known := v.query("known"); known != "" && v.htmx() {
		return v.news(known, now, view.Poll == "", page.ClientOutcomes(view))
	}
	return v.show(http.StatusOK, page.ClientResultPage(view))
}
