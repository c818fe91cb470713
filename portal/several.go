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

// several is whose invoices are paid in one go, and on whose pages: the
// customer's own, or those of staff who pay for him.
type several struct {
	customer uuid.UUID
	base     string // of the pages' addresses
	invoices string // where one invoice is shown
	back     page.Link
	settings string // where a method is saved
}

func (v *visit) several() (several, error) {
	if v.gin.Param("id") == "" {
		if v.member.Customer == nil {
			return several{}, remit.NotFound()
		}
		return several{
			customer: *v.member.Customer, base: "/portal", invoices: "/portal/invoices/",
			back: page.Link{Label: "Back to your invoices", Href: "/portal"}, settings: "on your payment settings",
		}, nil
	}
	c, err := v.seenCustomer()
	switch {
	case err != nil:
		return several{}, err
	case v.member.Customer != nil:
		return several{}, remit.NotFound()
	case !v.may(c.Organisation, remit.StripePay):
		return several{}, remit.Forbidden(remit.StripePay.String(), c.Organisation)
	}
	path := "/customers/" + c.ID.String()
	return several{customer: c.ID, base: path, invoices: "/invoices/", back: page.Link{Label: "Back to " + c.Name, Href: path}, settings: "on the customer's page"}, nil
}

// own is an invoice of the customer.
func (s several) own(v *visit, text string) (remit.Invoice, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return remit.Invoice{}, remit.NotFound()
	}
	i, err := v.do.Invoice(v.ctx(), v.caller, id)
	if err == nil && i.CustomerID != s.customer {
		err = remit.NotFound()
	}
	return i, err
}

// clientPayPage shows what was ticked, its sum and what to pay with.
func (v *visit) clientPayPage() error {
	at, err := v.several()
	if err != nil {
		return err
	}
	ids := v.gin.QueryArray("invoice")
	if len(ids) == 0 {
		view := page.ClientPay{Shell: v.shell("Pay", "payer"), Blocked: "Tick the invoices you want to pay, then choose Pay ticked invoices. Nothing was charged.", Back: at.back}
		return v.show(http.StatusUnprocessableEntity, page.ClientPayPage(view))
	}
	view, err := v.clientPayView(at, ids)
	if err != nil {
		return err
	}
	if led, err := v.methodFirst(view.Wallet, view.Invoices...); led || err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ClientPayPage(view))
}

func (v *visit) clientPayView(at several, ids []string) (page.ClientPay, error) {
	view := page.ClientPay{Shell: v.shell("Pay", "payer"), Key: newKey(), Back: at.back, Action: at.base + "/pay", InvoicesAt: at.invoices}
	if len(ids) > clientAtOnce {
		return view, remit.Invalid("invoice", "Pay at most %d invoices at once.", clientAtOnce)
	}
	for _, text := range ids {
		i, err := at.own(v, text)
		if err != nil {
			return view, err
		}
		if slices.ContainsFunc(view.Invoices, func(other remit.Invoice) bool { return other.ID == i.ID }) {
			continue // named twice, it is paid and added up once
		}
		if err := remit.CollectableNow(i); err != nil {
			view.Blocked = i.Number + ": " + remit.AsError(err).Message
		}
		view.Invoices = append(view.Invoices, i)
	}
	slices.SortStableFunc(view.Invoices, func(a, b remit.Invoice) int { return a.DueDate.Compare(b.DueDate) })
	if view.Blocked == "" {
		if err := v.do.MayCollect(v.ctx(), v.caller, view.Invoices[0].Organisation, view.Invoices...); err != nil {
			view.Blocked = "Online payment is not available now."
			if remit.IsCode(err, remit.CodeNotPayable) { // one of them takes what is not offered
				view.Blocked = remit.AsError(err).Message
			}
		}
	}
	view.Wallet = v.walletFor(at.customer, view.Invoices...)
	view.Method = view.Choose(view.Currency())
	switch {
	case view.Method != "":
	case len(view.Invoices) == 1:
		view.Method = methodOnce
	case view.Blocked == "" && view.NoCards != "" && view.NoBank != "":
		view.Blocked = "No one method pays all of these. " + view.NoCards + " " + view.NoBank + " Pay them one by one."
	case view.Blocked == "" && view.NoCards != "":
		view.Blocked = "To pay several invoices at once, save a bank account first, " + at.settings + "."
	case view.Blocked == "":
		view.Blocked = "To pay several invoices at once, save a card first, " + at.settings + "."
	}
	view.Fees = page.FeesOf(view.Methods, feesOf(view.Invoices, false)...)
	return view, nil
}

// feesOf are what is paid on invoices: all that each owes or, of one, its deposit.
func feesOf(invoices []remit.Invoice, deposit bool) []page.FeeOf {
	var paid []page.FeeOf
	for _, i := range invoices {
		paid = append(paid, page.FeeOf{Invoice: i, Amount: toPay(i, deposit)})
	}
	return paid
}

func toPay(i remit.Invoice, deposit bool) int64 {
	if left := i.DepositLeft(); deposit && left > 0 {
		return left
	}
	return i.Outstanding
}

// clientPay charges what the page showed, one invoice after the other.
func (v *visit) clientPay() error {
	at, err := v.several()
	if err != nil {
		return err
	}
	rows := v.gin.PostFormArray("owed")
	var ids []string
	for _, row := range rows {
		id, _, _ := strings.Cut(row, " ")
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return remit.Invalid("owed", "Tick what you want to pay.")
	}
	view, err := v.clientPayView(at, ids)
	if err != nil {
		return err
	}
	if led, err := v.methodFirst(view.Wallet, view.Invoices...); led || err != nil {
		return err
	}
	in, err := v.clientInput(at, view)
	if err != nil {
		return v.clientPayAgain(view, err)
	}
	deposit := v.typed("part") == "deposit" && len(view.Invoices) == 1
	if err := v.sameFees(&view, deposit); err != nil {
		return v.clientPayAgain(view, err)
	}
	result := at.base + "/paid?" + url.Values{"invoice": ids}.Encode()
	leadsTo, err := v.once(v.typed("key"), strings.Join(append(rows, v.typed("method"), v.typed("part"), v.typed("surcharge")), "\n"), result, func(ctx context.Context) (string, bool, error) {
		// Asked here, so that a form sent twice leads to where it led first.
		for _, i := range view.Invoices {
			if err := unchanged(i, rows); err != nil {
				return "", false, err
			}
		}
		return v.payEach(ctx, view.Invoices, deposit, view.Methods, in, result)
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
// through: the same method is not tried again at once. What a bank has taken on
// is as good as paid here; what came of it is known in days. Of one alone the deposit
// may be all that is paid.
func (v *visit) payEach(ctx context.Context, invoices []remit.Invoice, deposit bool, methods []remit.PaymentMethod, in commands.PayInput, result string) (leadsTo string, keep bool, err error) {
	for n, i := range invoices {
		if in.Amount, in.Surcharge = toPay(i, deposit), nil; in.PaymentMethod != nil {
			fee := page.FeesOf(methods, page.FeeOf{Invoice: i, Amount: in.Amount}).Of[*in.PaymentMethod]
			in.Surcharge = &fee // in sum they were shown
		}
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
		case !outcome.Done && outcome.Attempt.State != remit.AttemptProcessing:
			return result, true, nil // the others wait until this one is known
		}
	}
	return result, true, nil
}

// sameFees refuses a payment whose fees are not those that the page showed, and has
// them shown.
func (v *visit) sameFees(view *page.ClientPay, deposit bool) error {
	method := v.typed("method")
	fees := page.FeesOf(view.Methods, feesOf(view.Invoices, deposit)...)
	shown, err := v.shownFee(view.Currency())
	if fee := fees.With(method); err == nil && (fees.On || shown != 0) && fee != shown {
		err = remit.OtherSurcharge(money.Of(fees.Amount, money.Currency(view.Currency())), fee)
	}
	if err != nil {
		view.Fees, view.Method = fees, method
	}
	return err
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

func (v *visit) clientInput(at several, view page.ClientPay) (commands.PayInput, error) {
	in, back := commands.PayInput{Keyed: true}, ""
	if len(view.Invoices) == 1 {
		back = at.invoices + view.Invoices[0].ID.String()
	}
	err := v.chooseMethod(&in, back)
	return in, err
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
	at, err := v.several()
	if err != nil {
		return err
	}
	ids := v.gin.QueryArray("invoice")
	if len(ids) == 0 || len(ids) > clientAtOnce {
		return remit.NotFound()
	}
	view := page.ClientResult{Shell: v.shell("Payment", "payer"), Back: at.back, InvoicesAt: at.invoices, PayAt: at.base + "/pay?invoice="}
	now := ""
	for _, text := range ids {
		i, err := at.own(v, text)
		if err != nil {
			return err
		}
		payments, err := v.do.Payments(v.ctx(), v.caller, i.ID)
		if err != nil {
			return err
		}
		clock, err := v.do.TimeOf(v.ctx(), i.Tenant)
		if err != nil {
			return err
		}
		payment, last := remit.LastAttempt(payments)
		view.Outcomes = append(view.Outcomes, page.ClientOutcome{Invoice: i, Attempt: last, Returned: payment != nil && payment.Returned, Now: clock})
		if last != nil {
			now += last.ID.String()[24:] + string(last.State)
			if last.State.Live() && last.State != remit.AttemptRequiresAction && last.State != remit.AttemptProcessing { // a bank takes days
				view.Poll = at.base + "/paid?" + url.Values{"invoice": ids}.Encode()
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
