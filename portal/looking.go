package portal

import (
	"context"
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/gateway"
	"remit/portal/page"
)

// lookingPage asks what Stripe shows of a payment whose outcome stays unknown.
func (v *visit) lookingPage() error {
	view, err := v.lookingView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.LookingPage(view))
}

func (v *visit) lookingView() (page.Looking, error) {
	id, err := v.id("id")
	if err != nil {
		return page.Looking{}, err
	}
	unknown, err := v.do.UnknownPayment(v.ctx(), v.caller, id)
	if err != nil {
		return page.Looking{}, err
	}
	view := page.Looking{
		Shell: v.shell("Look in Stripe for "+unknown.InvoiceNumber, "payer"), Payment: unknown, Zone: v.zone(unknown.Organisation),
		Saw: v.typed("saw"), Charge: v.typed("charge"), Intent: v.typed("payment_intent"), Reason: v.typed("reason"), Key: newKey(),
	}
	if !v.do.Sandbox && unknown.PaymentIntent != "" { // a stand-in has no dashboard
		view.Stripe = gateway.DashboardURL(unknown.Account, unknown.Livemode) + "/payments/" + url.PathEscape(unknown.PaymentIntent)
	}
	return view, nil
}

func (v *visit) settleByHand() error {
	view, err := v.lookingView()
	if err != nil {
		return err
	}
	if err := v.settleAs(view); err != nil {
		p, status, mendable := problems(err, "saw", "charge", "payment_intent", "reason")
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.LookingPage(view))
	}
	return v.goTo("/invoices/"+view.Payment.InvoiceID.String(), "settled")
}

func (v *visit) settleAs(view page.Looking) error {
	if view.Saw != "charged" && view.Saw != "not_charged" {
		return wrong("saw", "Say what Stripe shows.")
	}
	back := "/invoices/" + view.Payment.InvoiceID.String()
	in := commands.SettleInput{Charged: view.Saw == "charged", Charge: view.Charge, PaymentIntent: view.Intent, Reason: view.Reason}
	content := url.Values{"saw": {view.Saw}, "charge": {view.Charge}, "payment_intent": {view.Intent}, "reason": {view.Reason}}.Encode()
	_, err := v.once(v.typed("key"), content, back, func(ctx context.Context) (string, bool, error) {
		_, err := v.do.SettlePayment(ctx, v.caller, view.Payment.PaymentID, commands.Given(in))
		return back, err == nil, err
	})
	return err
}

// unknownRows are the payments that the visitor is asked to look for in Stripe.
func (v *visit) unknownRows() ([]page.UnknownRow, error) {
	if !v.anywhere(remit.StripeRefund) {
		return nil, nil
	}
	list, err := v.do.UnknownPayments(v.ctx(), v.caller, v.place(), commands.Page{})
	if remit.IsCode(err, remit.CodeForbidden) {
		return nil, nil // at another place than this one
	}
	rows := make([]page.UnknownRow, len(list.Items))
	for n, u := range list.Items {
		rows[n] = page.UnknownRow{Payment: u, Zone: v.zone(u.Organisation)}
	}
	return rows, err
}
