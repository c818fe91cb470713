package portal

import (
	"context"
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// refundPage asks how much of a payment goes back, and what becomes of its
// invoice.
func (v *visit) refundPage() error {
	view, err := v.refundView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.RefundPage(view))
}

func (v *visit) refundView() (page.Refund, error) {
	id, err := v.id("id")
	if err != nil {
		return page.Refund{}, err
	}
	form, err := v.do.RefundForm(v.ctx(), v.caller, id)
	if err != nil {
		return page.Refund{}, err
	}
	view := page.Refund{
		Shell: v.shell("Refund a payment of "+form.Invoice.Number, "payer"), Invoice: form.Invoice, Payment: form.Payment, Refundable: form.Refundable,
		Amount: v.typed("amount"), Reason: v.typed("reason"), Then: v.typed("then"), ReturnSurcharge: v.typed("return_surcharge") != "", Key: newKey(),
		FeeReturned: v.do.ApplicationFee.Returned,
	}
	if view.Amount == "" {
		view.Amount = money.Of(form.Refundable.Applied, money.Currency(form.Payment.Currency)).Decimal()
	}
	if view.Then == "" {
		view.Then = string(remit.RefundSettles)
	}
	return view, nil
}

func (v *visit) refund() error {
	view, err := v.refundView()
	if err != nil {
		return err
	}
	if err := v.payBack(view); err != nil {
		p, status, mendable := problems(err, "amount", "reason", "then")
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.RefundPage(view))
	}
	return v.goTo("/invoices/"+view.Invoice.ID.String(), "refunded")
}

func (v *visit) payBack(view page.Refund) error {
	amount, err := money.ParseDecimal(view.Amount, money.Currency(view.Payment.Currency))
	if err != nil {
		return wrong("amount", err.Error())
	}
	back := "/invoices/" + view.Invoice.ID.String()
	in := commands.RefundInput{Amount: amount.Minor, Reason: view.Reason, Then: remit.RefundChoice(view.Then), ReturnSurcharge: view.ReturnSurcharge}
	content := url.Values{"amount": {view.Amount}, "reason": {view.Reason}, "then": {view.Then}, "surcharge": {v.typed("return_surcharge")}}.Encode()
	_, err = v.once(v.typed("key"), content, back, func(ctx context.Context) (string, bool, error) {
		_, err := v.do.RefundPayment(ctx, v.caller, view.Payment.ID, commands.Given(in))
		return back, err == nil, err
	})
	return err
}
