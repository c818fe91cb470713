package portal

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"remit"
	"remit/api"
	"remit/commands"
	"remit/portal/page"
)

// noScriptRefresh is how soon, in seconds, a page that waits looks again by
// itself where there is no script.
const noScriptRefresh = 5

// result says what became of the last try to pay an item (U4). A script polls
// it with what it knows.
func (v *visit) result() error {
	item, err := v.item()
	if err != nil {
		return err
	}
	view := page.Result{Item: item, Zone: v.zone(item.Assignee.Path.String()), Key: newKey()}
	payments, err := v.do.Payments(v.ctx(), v.caller, item.InvoiceID)
	if err != nil && !remit.IsCode(err, remit.CodeNotFound) {
		return err
	}
	if view.Now, err = v.do.TimeOf(v.ctx(), item.Invoice.Tenant); err != nil {
		return err
	}
	view.Payment, view.Attempt = remit.LastAttempt(payments)
	view.MayCancel = view.Attempt != nil && view.Attempt.MayCancel() == nil && v.may(item.Invoice.Organisation, remit.StripePay)
	if v.may(item.Invoice.Organisation, remit.WorkflowEdit) {
		failed, err := v.do.AfterPaymentFailed(v.ctx(), v.caller, item.InvoiceID)
		if err != nil && !remit.IsCode(err, remit.CodeNotFound) {
			return err
		}
		if failed {
			view.Script = "the after-payment script. The invoice's timeline says why."
		}
	}
	now := string(item.State)
	if view.Attempt != nil {
		now = view.Attempt.ID.String() + " " + string(view.Attempt.State)
		if view.Attempt.State.Live() && view.Attempt.State != remit.AttemptProcessing { // a bank takes days
			view.Poll = "/inbox/" + item.ID.String() + "/result?" + url.Values{"known": {now}}.Encode()
		}
	}
	if known := v.query("known"); known != "" && v.htmx() {
		return v.news(known, now, view.Poll == "", page.Outcome(view))
	}
	view.Shell = v.shell("Payment of "+item.Invoice.Number, "payer")
	if view.Poll != "" {
		view.Refresh = noScriptRefresh
	}
	return v.show(http.StatusOK, page.ResultPage(view))
}

// returned is where Stripe's pages send people back to. The address proves
// nothing: commands asks Stripe. Who is signed in is led to his own pages.
func (v *visit) returned() error {
	view := page.Returned{Shell: v.shell("Payment", "narrow")}
	session := v.query("session_id")
	if session == "" {
		if link := v.rememberedLink(); link != "" {
			return v.goTo(link+"?abandoned=1", "")
		}
		view.Heading, view.Message = "No payment was made", "Nothing was charged."
		view.Onward = v.homeward("/")
		return v.show(http.StatusOK, page.ReturnedPage(view))
	}
	back, err := v.do.CheckoutReturn(v.ctx(), session)
	if err != nil {
		if remit.IsCode(err, remit.CodeNotFound) {
			return err
		}
		v.failWith(err, true)
		return nil
	}
	if back.Ask != nil {
		return v.show(http.StatusOK, page.CollectedPage(v.collectedView(back)))
	}
	if link := v.rememberedLink(); back.Order && link != "" {
		return v.goTo(link, "")
	}
	known := v.query("known")
	if known == "" && v.belongs(back.Tenant.String()) {
		switch {
		case back.Setup && back.InvoiceID != uuid.Nil && back.Saved && local(back.ReturnPath):
			return v.goTo(back.ReturnPath, "") // the card is gone, or saved and to be chosen there
		case back.Setup && back.Saved && local(back.ReturnPath):
			return v.goTo(back.ReturnPath, "card")
		case back.Setup && local(back.ReturnPath):
			return v.goTo(back.ReturnPath, "")
		case back.WorkItemID != nil:
			if _, err := v.do.WorkItem(v.ctx(), v.caller, *back.WorkItemID); err == nil {
				return v.goTo("/inbox/"+back.WorkItemID.String()+"/result", "")
			}
		}
	}
	v.returnedWords(&view, back.Setup, back.Saved, back.State, paidWords(back), back.Number, back.Decline)
	if back.Deposits != "" {
		view.Heading, view.Message, view.Look = "Enter the deposits", page.DepositsAwaited, "info"
		view.Onward = &page.Link{Label: "Enter them on Stripe's page", Href: back.Deposits}
	}
	if !back.Setup && back.State.Live() && back.State != remit.AttemptProcessing && back.Deposits == "" {
		view.Poll = "/pay/return?" + url.Values{"session_id": {session}, "known": {string(back.State)}}.Encode()
		view.Refresh = noScriptRefresh
	}
	if known != "" && v.htmx() {
		return v.news(known, string(back.State), view.Poll == "", page.ReturnedOutcome(view))
	}
	return v.show(http.StatusOK, page.ReturnedPage(view))
}

// collectedView asks who came back to pay with the card that was read.
func (v *visit) collectedView(back commands.ReturnView) page.Collected {
	ask := *back.Ask
	view := page.Collected{
		Shell: v.shell("Check and pay", "narrow"), Session: ask.Session, Number: ask.Number, Seller: ask.Seller, Currency: ask.Currency,
		Amount: ask.Amount, Surcharge: ask.Surcharge, Method: ask.Method, Saved: ask.Saved, OncePaid: ask.OncePaid,
	}
	switch link := v.rememberedLink(); {
	case local(back.ReturnPath):
		view.Back = &page.Link{Label: "Do not pay now", Href: back.ReturnPath}
	case link != "":
		view.Back = &page.Link{Label: "Do not pay now", Href: link + "?abandoned=1"}
	}
	return view
}

// payCollected pays with it. The page's id is all that is known of who sends this.
func (v *visit) payCollected() error {
	session := v.typed("session_id")
	back, err := v.do.CheckoutReturn(v.ctx(), session)
	if err != nil {
		return err
	}
	here := "/pay/return?" + url.Values{"session_id": {session}}.Encode()
	if back.Ask == nil { // sent twice, it leads to what came of it
		return v.goTo(here, "")
	}
	shown, err := v.shownFee(back.Ask.Currency)
	if err == nil {
		from := api.From(v.gin.Request)
		caller := v.caller
		caller.Address, caller.RequestID = from.Address, from.RequestID
		_, err = v.do.PayCollected(v.ctx(), caller, session, shown)
	}
	var declined *commands.DeclinedError
	if err == nil || errors.As(err, &declined) { // a decline is a result
		return v.goTo(here, "")
	}
	p, status, mendable := problems(err)
	again, unread := v.do.CheckoutReturn(v.ctx(), session)
	if unread != nil {
		return unread
	}
	if !mendable || again.Ask == nil {
		v.failWith(err, true)
		return nil
	}
	view := v.collectedView(again)
	view.Problems = p
	return v.show(status, page.CollectedPage(view))
}

// paidWords name what was paid, and the fee besides.
func paidWords(back commands.ReturnView) string {
	paid := page.MoneyISO(back.Paid, back.Currency)
	if back.Surcharge > 0 {
		paid = page.MoneyISO(back.Paid+back.Surcharge, back.Currency) + " was charged, of which " + page.Money(back.Surcharge, back.Currency) + " is a card fee. " + paid
	}
	return paid
}

func (v *visit) belongs(tenant string) bool {
	for _, m := range v.caller.Tenants {
		if m.Tenant.String() == tenant {
			return true
		}
	}
	return false
}

func (v *visit) homeward(path string) *page.Link {
	if v.caller.Tenants == nil {
		return nil
	}
	return &page.Link{Label: "To your pages", Href: path}
}

// returnedWords says what a hosted page came to.
func (v *visit) returnedWords(view *page.Returned, setup, saved bool, state remit.AttemptState, paid, number, decline string) {
	view.Onward = v.homeward("/")
	if link := v.rememberedLink(); view.Onward == nil && link != "" {
		view.Onward = &page.Link{Label: "See the invoice", Href: link}
	}
	switch {
	case setup && saved:
		view.Heading, view.Message, view.Look = "The payment method is saved", "You may close this page.", "good"
	case setup:
		view.Heading, view.Message = "No payment method was saved", "The page was left before the end. Nothing was charged."
	case state == remit.AttemptSucceeded:
		view.Heading, view.Message, view.Look = "Payment successful", paid+" of "+number+" is paid.", "good"
	case state == remit.AttemptProcessing:
		view.Heading, view.Message, view.Look = "Your bank has it", "It takes up to 4 working days. Do not pay again.", "info"
	case state == remit.AttemptFailed:
		view.Heading, view.Message, view.Look = "Nothing was charged", decline, "bad"
		if decline == "" {
			view.Message = "The payment of " + number + " did not go through."
		}
	case state == remit.AttemptCanceled:
		view.Heading, view.Message = "No payment was made", "Nothing was charged."
	default:
		view.Heading, view.Message, view.Look = "Confirming your payment", "Do not pay again. You may close this page.", "info"
	}
}
