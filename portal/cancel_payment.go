package portal

import (
	"net/http"

	"remit"
	"remit/portal/page"
)

// cancelPaymentPage asks whether a bank debit is to be called back.
func (v *visit) cancelPaymentPage() error {
	view, err := v.cancelView(v.query("back"))
	if err != nil {
		return err
	}
	return v.show(askedStatus(view), page.AskPage(view))
}

// askedStatus is that of a question, or of the answer why there is none to ask.
func askedStatus(view page.Ask) int {
	if view.Action == "" {
		return http.StatusConflict
	}
	return http.StatusOK
}

func (v *visit) cancelView(back string) (page.Ask, error) {
	id, err := v.id("id")
	if err != nil {
		return page.Ask{}, err
	}
	payment, err := v.do.Payment(v.ctx(), v.caller, id)
	if err != nil {
		return page.Ask{}, err
	}
	if !local(back) {
		back = "/invoices/" + payment.InvoiceID.String()
		if v.member.Customer != nil {
			back = "/portal" + back
		}
	}
	if err := mayCancel(payment); err != nil {
		return page.Ask{
			Shell: v.shell("Cancel the payment", "payer"), Heading: "This payment cannot be cancelled",
			Message: remit.AsError(err).Message, Back: page.Link{Label: "Back", Href: back},
		}, nil
	}
	amount := page.Money(payment.Amount, payment.Currency)
	return page.Ask{
		Shell: v.shell("Cancel the payment", "payer"), Heading: "Cancel the payment of " + amount + "?",
		Message: "A bank that does not have it yet is not told of it, and nothing is charged. Afterwards you can pay another way.",
		Action:  v.path(), Button: "Cancel the payment", Fields: []page.Option{{Value: "back", Label: back}}, Back: page.Link{Label: "Keep it", Href: back},
	}, nil
}

// mayCancel says whether a payment's last attempt may be cancelled; money that came
// outside Stripe has none.
func mayCancel(payment remit.Payment) error {
	if _, last := remit.LastAttempt([]remit.Payment{payment}); last != nil {
		return last.MayCancel()
	}
	return remit.Attempt{State: payment.State}.MayCancel()
}

// cancelPayment calls it back. Where the bank has it already the page says so.
func (v *visit) cancelPayment() error {
	view, err := v.cancelView(v.typed("back"))
	if err != nil {
		return err
	}
	id, err := v.id("id")
	if err != nil {
		return err
	}
	payment, err := v.do.CancelPayment(v.ctx(), v.caller, id)
	if err != nil {
		p, status, mendable := problems(err)
		if !mendable {
			v.failWith(err, true)
			return nil
		}
		if view.Action != "" {
			view.Problems = p
		}
		return v.show(status, page.AskPage(view))
	}
	done := ""
	if payment.State == remit.AttemptCanceled {
		done = "cancelled"
	}
	return v.goTo(view.Back.Href, done)
}
