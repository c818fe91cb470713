package portal

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// invoices lists them by status (U13).
func (v *visit) invoices() error {
	view := page.Invoices{
		Shell: v.shell("Invoices", ""), Status: remit.InvoiceStatus(v.query("status")), Place: v.query("at"), Number: v.query("number"),
		Overdue: v.query("overdue") != "", Held: v.query("held") != "", Attention: v.query("attention") != "", MayEdit: v.anywhere(remit.InvoiceEdit), Places: v.placesWhere(remit.InvoiceRead),
	}
	filter := commands.InvoiceFilter{Organisation: v.place(), Number: view.Number}
	if view.Place != "" {
		filter.Organisation = view.Place
	}
	yes := true
	if view.Overdue {
		filter.Overdue = &yes
	}
	if view.Held {
		filter.Held = &yes
	}
	if view.Attention {
		filter.Attention = &yes
	}
	if customer, err := uuid.Parse(v.query("customer")); err == nil {
		filter.Customer = &customer
	}
	counts, err := v.do.InvoiceCounts(v.ctx(), v.caller, filter)
	if err != nil {
		return err
	}
	view.Counts = counts
	filter.Status = view.Status
	list, err := v.do.Invoices(v.ctx(), v.caller, filter, commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view.Rows = list.Items
	if list.Next != "" {
		next := v.gin.Request.URL.Query()
		next.Set("after", list.Next)
		next.Del("done")
		view.Next = "/invoices?" + next.Encode()
	}
	return v.show(http.StatusOK, page.InvoicesPage(view))
}

// invoice is one invoice with its timeline (U14).
func (v *visit) invoice() error {
	i, err := v.seenInvoice()
	if err != nil {
		return err
	}
	if v.member.Customer != nil {
		return v.goTo("/portal/invoices/"+i.ID.String(), "")
	}
	if i.PayLink, err = v.do.PayLink(i); err != nil {
		return err
	}
	view := page.Invoice{
		Shell: v.shell(i.Number, ""), Invoice: i, Zone: v.zone(i.Organisation), MayEdit: v.may(i.Organisation, remit.InvoiceEdit), MayPay: v.mayPayItem(i),
	}
	if i.Hold != nil {
		view.MayLift = view.MayEdit
		if i.Hold.Kind.Money() {
			view.MayLift = v.may(i.Organisation, remit.StripePay)
		}
	}
	view.MayScript = v.may(i.Organisation, remit.WorkflowEdit)
	view.MayCharge, view.ChargeKey = v.may(i.Organisation, remit.InvoiceCharge), newKey()
	if view.ScriptFailed, err = v.do.AfterPaymentFailed(v.ctx(), v.caller, i.ID); err != nil {
		return err
	}
	if view.Next, err = v.do.InvoiceNext(v.ctx(), v.caller, i.ID); err != nil {
		return err
	}
	if view.Payments, err = v.do.Payments(v.ctx(), v.caller, i.ID); err != nil {
		return err
	}
	if top := v.member.Path; v.may(top, remit.StripeView) && v.may(top, remit.StripeRead) { // asked in vain it would stand in the audit trail
		if view.Payouts, err = v.do.PayoutsOfInvoice(v.ctx(), v.caller, i.Organisation, i.ID); err != nil {
			return err
		}
	}
	if view.LateFees, err = v.do.LateFees(v.ctx(), v.caller, i.ID); err != nil {
		return err
	}
	view.MayRecord = v.may(i.Organisation, remit.StripeRead)
	view.MayCancel = v.may(i.Organisation, remit.StripePay)
	view.MayRefund = v.may(i.Organisation, remit.StripeRefund)
	if view.Refunds, err = v.do.InvoiceRefunds(v.ctx(), v.caller, i.ID); err != nil {
		return err
	}
	disputes, err := v.do.InvoiceDisputes(v.ctx(), v.caller, i.ID)
	if err != nil {
		return err
	}
	view.Disputes = v.disputeRows(disputes)
	if view.MayRefund {
		waiting, err := v.do.Excess(v.ctx(), v.caller, commands.ExcessFilter{Organisation: i.Organisation, Invoice: &i.ID}, commands.Page{})
		if err != nil {
			return err
		}
		view.Excess = waiting.Items
		back, err := v.do.UnknownBack(v.ctx(), v.caller, i.Organisation, &i.ID, commands.Page{})
		if err != nil {
			return err
		}
		view.Back = back.Items
	}
	if view.Timeline, err = v.do.Timeline(v.ctx(), v.caller, i.ID); err != nil {
		return err
	}
	return v.show(http.StatusOK, page.InvoicePage(view))
}

func (v *visit) seenInvoice() (remit.Invoice, error) {
	id, err := v.id("id")
	if err != nil {
		return remit.Invoice{}, err
	}
	return v.do.Invoice(v.ctx(), v.caller, id)
}

// mayPayItem reports whether the invoice's work item is one the visitor may pay.
func (v *visit) mayPayItem(i remit.Invoice) bool {
	if i.WorkItemID == nil {
		return false
	}
	item, err := v.do.WorkItem(v.ctx(), v.caller, *i.WorkItemID)
	if err != nil || !item.State.Live() {
		return false
	}
	may, _, _ := v.do.MayPay(v.ctx(), v.caller, item)
	return may
}

func (v *visit) resetLink() error {
	return v.change("link", func(id uuid.UUID) error {
		_, err := v.do.ResetLink(v.ctx(), v.caller, id)
		return err
	})
}

func (v *visit) sendInvoice() error {
	return v.change("sent", func(id uuid.UUID) error {
		_, err := v.do.SendInvoice(v.ctx(), v.caller, id)
		return err
	})
}

func (v *visit) processInvoice() error {
	return v.change("processed", func(id uuid.UUID) error {
		_, err := v.do.ProcessInvoice(v.ctx(), v.caller, id)
		return err
	})
}

func (v *visit) runScript() error {
	return v.change("script", func(id uuid.UUID) error {
		_, err := v.do.RunAfterPaymentScript(v.ctx(), v.caller, id)
		return err
	})
}

func (v *visit) liftHold() error {
	return v.change("lifted", func(id uuid.UUID) error {
		_, err := v.do.LiftHold(v.ctx(), v.caller, id)
		return err
	})
}

// change does one thing to the invoice in the path and leads back to it.
func (v *visit) change(done string, do func(id uuid.UUID) error) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := do(id); err != nil {
		return err
	}
	return v.goTo("/invoices/"+id.String(), done)
}

// invoiceActionPage asks before an invoice is voided or held, or what came by
// transfer.
func (v *visit) invoiceActionPage(action string) error {
	view, err := v.invoiceActionView(action)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.InvoiceActionPage(view))
}

func (v *visit) invoiceActionView(action string) (page.InvoiceAction, error) {
	i, err := v.seenInvoice()
	if err != nil {
		return page.InvoiceAction{}, err
	}
	if !v.may(i.Organisation, remit.InvoiceEdit) {
		return page.InvoiceAction{}, remit.Forbidden(remit.InvoiceEdit.String(), i.Organisation)
	}
	title := map[string]string{"void": "Void ", "hold": "Hold ", "record": "Record a transfer for ", "promise": "Promise to pay "}[action] + i.Number
	if action == "promise" {
		return page.InvoiceAction{Shell: v.shell(title, "payer"), Invoice: i, Action: action, Key: newKey(), Date: v.typed("date"), Reason: v.typed("note")}, nil
	}
	return page.InvoiceAction{
		Shell: v.shell(title, "payer"), Invoice: i, Action: action, Key: newKey(),
		Reason: v.typed("reason"), Amount: v.typed("amount"), Reference: v.typed("reference"),
	}, nil
}

func (v *visit) invoiceAction(action string) error {
	view, err := v.invoiceActionView(action)
	if err != nil {
		return err
	}
	switch action {
	case "void":
		_, err = v.do.VoidInvoice(v.ctx(), v.caller, view.Invoice.ID, commands.Given(view.Reason))
	case "hold":
		_, err = v.do.HoldInvoice(v.ctx(), v.caller, view.Invoice.ID, commands.Given(view.Reason))
	case "promise":
		_, err = v.do.PromisePayment(v.ctx(), v.caller, view.Invoice.ID, func() (commands.PromiseInput, error) {
			until, err := remit.ParseDate(view.Date)
			if err != nil {
				return commands.PromiseInput{}, wrong("date", "Enter a day.")
			}
			return commands.PromiseInput{Until: until, Note: view.Reason}, nil
		})
	default:
		err = v.record(view)
	}
	if err != nil {
		p, status, mendable := problems(err, "reason", "amount", "reference", "date", "note")
		if !mendable {
			return err
		}
		if action == "void" || action == "hold" { // they have one field
			p.Fields = slices.DeleteFunc(p.Fields, func(f remit.FieldError) bool { return f.Field != "reason" })
		}
		view.Problems = p
		return v.show(status, page.InvoiceActionPage(view))
	}
	return v.goTo("/invoices/"+view.Invoice.ID.String(), action)
}

func (v *visit) record(view page.InvoiceAction) error {
	amount, err := money.ParseDecimal(view.Amount, money.Currency(view.Invoice.Currency))
	if err != nil {
		return wrong("amount", err.Error())
	}
	back := "/invoices/" + view.Invoice.ID.String()
	content := url.Values{"amount": {view.Amount}, "reference": {view.Reference}}.Encode()
	_, err = v.once(v.typed("key"), content, back, func(ctx context.Context) (string, bool, error) {
		in := commands.RecordInput{Amount: amount.Minor, Method: "bank_transfer", Reference: view.Reference}
		_, err := v.do.RecordPayment(ctx, v.caller, view.Invoice.ID, commands.Given(in))
		return back, err == nil, err
	})
	return err
}
