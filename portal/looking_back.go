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

// lookingBackPage asks what Stripe shows of a refund or a dispute that nobody can ask
// about any more.
func (v *visit) lookingBackPage() error {
	view, err := v.lookingBackView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.LookingBackPage(view))
}

func (v *visit) lookingBackView() (page.LookingBack, error) {
	payment, err := v.id("id")
	if err != nil {
		return page.LookingBack{}, err
	}
	id, err := v.id("back")
	if err != nil {
		return page.LookingBack{}, err
	}
	back, err := v.do.OneUnknownBack(v.ctx(), v.caller, payment, id)
	if err != nil {
		return page.LookingBack{}, err
	}
	view := page.LookingBack{
		Shell: v.shell("Look in Stripe for "+back.InvoiceNumber, "payer"), Back: back, Zone: v.zone(back.Organisation), Saw: v.typed("saw"), Reason: v.typed("reason"), Key: newKey(),
	}
	if !v.do.Sandbox && back.PaymentIntent != "" { // a stand-in has no dashboard
		view.Stripe = gateway.DashboardURL(back.Account, back.Livemode) + "/payments/" + url.PathEscape(back.PaymentIntent)
	}
	return view, nil
}

func (v *visit) settleBack() error {
	view, err := v.lookingBackView()
	if err != nil {
		return err
	}
	if err := v.settleBackAs(view); err != nil {
		p, status, mendable := problems(err, "saw", "reason")
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.LookingBackPage(view))
	}
	return v.goTo("/invoices/"+view.Back.InvoiceID.String(), "settled_back")
}

func (v *visit) settleBackAs(view page.LookingBack) error {
	if view.Saw != "back" && view.Saw != "kept" {
		return wrong("saw", "Say what Stripe shows.")
	}
	in := commands.SettleBackInput{Refund: &view.Back.ID, WentBack: view.Saw == "back", Reason: view.Reason}
	if view.Back.Dispute {
		in.Refund, in.Dispute = nil, in.Refund
	}
	back := "/invoices/" + view.Back.InvoiceID.String()
	_, err := v.once(v.typed("key"), url.Values{"saw": {view.Saw}, "reason": {view.Reason}}.Encode(), back, func(ctx context.Context) (string, bool, error) {
		_, err := v.do.SettleBack(ctx, v.caller, view.Back.PaymentID, commands.Given(in))
		return back, err == nil, err
	})
	return err
}

// unknownBackRows are the refunds and disputes that the visitor is asked to look for in
// Stripe.
func (v *visit) unknownBackRows() ([]page.UnknownBackRow, error) {
	if !v.anywhere(remit.StripeRefund) {
		return nil, nil
	}
	list, err := v.do.UnknownBack(v.ctx(), v.caller, v.place(), nil, commands.Page{})
	if remit.IsCode(err, remit.CodeForbidden) {
		return nil, nil // at another place than this one
	}
	rows := make([]page.UnknownBackRow, len(list.Items))
	for n, u := range list.Items {
		rows[n] = page.UnknownBackRow{Back: u, Zone: v.zone(u.Organisation)}
	}
	return rows, err
}
