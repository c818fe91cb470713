package portal

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// How a form asks for a new card: used once, or kept.
const (
	methodOnce = "once"
	methodSave = "save"
)

// payPage is the form on which an item's invoice is paid (U3).
func (v *visit) payPage() error {
	item, err := v.item()
	if err != nil {
		return err
	}
	view := v.payView(item)
	if amount := v.query("amount"); amount != "" {
		v.typeAmount(&view, amount)
	}
	return v.show(http.StatusOK, page.PayPage(view))
}

func (v *visit) item() (remit.WorkItem, error) {
	id, err := v.id("id")
	if err != nil {
		return remit.WorkItem{}, err
	}
	return v.do.WorkItem(v.ctx(), v.caller, id)
}

func (v *visit) payView(item remit.WorkItem) page.Pay {
	i := item.Invoice
	view := page.Pay{
		Shell: v.shell("Pay "+i.Number, "payer"), Item: item, Zone: v.zone(item.Assignee.Path.String()), Key: newKey(),
		Amount: page.Typed(i.Outstanding, i.Currency), Method: methodOnce, Blocked: v.blocked(item),
	}
	if item.State == remit.WorkItemClaimed && !v.mine(item) {
		view.TakenBy, view.Since = item.ClaimedByName, item.ClaimedAt
	}
	if view.Blocked != nil {
		return view
	}
	view.Wallet = v.walletFor(i.CustomerID, i)
	if saved := view.Choose(i.Currency); saved != "" {
		view.Method = saved
	}
	view.Fees = page.FeesOf(view.Methods, page.FeeOf{Invoice: i, Amount: i.Outstanding})
	v.secondPerson(&view)
	return view
}

// blocked says why an item cannot be paid now, or nil.
func (v *visit) blocked(item remit.WorkItem) *page.Blocked {
	i := item.Invoice
	result := &page.Link{Label: "See how it stands", Href: "/inbox/" + item.ID.String() + "/result"}
	if i.InFlight != nil {
		switch i.InFlight.State {
		case remit.AttemptConfirming:
			return &page.Blocked{Look: "warn", Message: "We are checking whether it went through. Do not pay again.", Link: result}
		case remit.AttemptProcessing:
			return &page.Blocked{Look: "info", Message: "A payment is already under way. Nothing more was charged.", Link: result}
		case remit.AttemptCreated, remit.AttemptRequiresAction, remit.AttemptFailed, remit.AttemptCanceled, remit.AttemptSucceeded:
		}
	}
	if err := remit.CollectableNow(i); err != nil {
		return &page.Blocked{Look: "info", Message: remit.AsError(err).Message, Link: result}
	}
	if item.State == remit.WorkItemCancelled {
		return &page.Blocked{Message: "Not needed: paid by link."}
	}
	if err := remit.OnlineMinimum(money.Of(i.Outstanding, money.Currency(i.Currency))); err != nil {
		return &page.Blocked{Message: remit.AsError(err).Message}
	}
	if may, needs, path := v.do.MayPay(v.ctx(), v.caller, item); !may {
		return &page.Blocked{Look: "warn", Message: remit.Forbidden(needs, path).Message}
	}
	if err := v.do.MayCollect(v.ctx(), v.caller, item.Assignee.Path.String(), i); err != nil {
		return &page.Blocked{Look: "bad", Message: remit.AsError(err).Message}
	}
	return nil
}

// pay sends the form: to a saved card's bank, or the payer to Stripe's page.
func (v *visit) pay() error {
	item, err := v.item()
	if err != nil {
		return err
	}
	in, err := v.payInput(item)
	if err != nil {
		return v.payAgain(item, err)
	}
	result := "/inbox/" + item.ID.String() + "/result"
	content := strings.Join([]string{v.typed("amount"), v.typed("method"), v.typed("surcharge")}, "\n")
	leadsTo, err := v.once(v.typed("key"), content, result, func(ctx context.Context) (string, bool, error) {
		outcome, err := v.do.PayWorkItem(ctx, v.caller, item.ID, commands.Given(in))
		var declined *commands.DeclinedError
		switch {
		case errors.As(err, &declined):
			return result, true, nil // a decline is a result
		case err != nil:
			return "", false, err
		case outcome.Checkout != nil:
			return outcome.Checkout.URL, true, nil
		}
		return result, true, nil
	})
	switch {
	case v.asksSecond(item, err):
		return nil
	case err != nil:
		return v.payAgain(item, err)
	case local(leadsTo):
		return v.goTo(leadsTo, "")
	}
	return v.leave(leadsTo)
}

// payInput reads the form.
func (v *visit) payInput(item remit.WorkItem) (commands.PayInput, error) {
	i := item.Invoice
	amount, err := money.ParseDecimal(v.typed("amount"), money.Currency(i.Currency))
	if err != nil {
		return commands.PayInput{}, wrong("amount", err.Error())
	}
	owed, err := money.ParseDecimal(v.typed("owed"), money.Currency(i.Currency))
	if err == nil && owed.Minor != i.Outstanding && i.Status.Payable() {
		return commands.PayInput{}, remit.Conflict(remit.CodeConflict, "%s is owed now. Check and pay again.", page.Money(i.Outstanding, i.Currency))
	}
	in := commands.PayInput{Amount: amount.Minor, Keyed: true}
	if err := v.chooseMethod(&in, "/inbox/"+item.ID.String()); err != nil {
		return in, err
	}
	return in, v.agree(&in, i)
}

// agree notes the fee that the form showed. One that showed none agreed to none.
func (v *visit) agree(in *commands.PayInput, i remit.Invoice) error {
	if in.Checkout || !i.Settings.Surcharge.On() {
		return nil
	}
	shown, err := v.shownFee(i.Currency)
	in.Surcharge = &shown
	return err
}

func (v *visit) shownFee(currency string) (int64, error) {
	if v.typed("surcharge") == "" {
		return 0, nil
	}
	fee, err := money.ParseDecimal(v.typed("surcharge"), money.Currency(currency))
	if err != nil {
		return 0, remit.Conflict(remit.CodeConflict, "This changed meanwhile. Check, send again.")
	}
	return fee.Minor, nil
}

// typeAmount shows an amount as it was typed, with its fee.
func (v *visit) typeAmount(view *page.Pay, typed string) {
	view.Amount = typed
	amount, err := money.ParseDecimal(typed, money.Currency(view.Item.Invoice.Currency))
	if err == nil {
		view.Fees = page.FeesOf(view.Methods, page.FeeOf{Invoice: view.Item.Invoice, Amount: amount.Minor})
	}
}

// chooseMethod reads what is paid with: a new card, typed on a page of Stripe's
// from which the way back is given, or a saved method. Without a way back a new
// card is no choice.
func (v *visit) chooseMethod(in *commands.PayInput, back string) error {
	method := v.typed("method")
	if back != "" && (method == methodOnce || method == methodSave) {
		in.Checkout, in.Save, in.ReturnPath = true, method == methodSave, back
		return nil
	}
	id, err := uuid.Parse(method)
	if err != nil {
		return wrong("payment_method", "Choose what to pay with.")
	}
	in.PaymentMethod = &id
	return nil
}

// payAgain shows the form with what is wrong and what was typed.
func (v *visit) payAgain(item remit.WorkItem, err error) error {
	p, status, mendable := problems(err, "amount", "payment_method")
	if !mendable {
		v.failWith(err, true)
		return nil
	}
	if fresh, again := v.do.WorkItem(v.ctx(), v.caller, item.ID); again == nil {
		item = fresh
	}
	view := v.payView(item)
	view.Problems = p
	e := remit.AsError(err)
	if e.Code == remit.CodeNotConnected && view.Blocked == nil {
		view.Blocked = &page.Blocked{Look: "bad", Message: e.Message}
	}
	changed := e.Kind == remit.KindConflict && e.Code == remit.CodeConflict
	if typed := v.typed("amount"); typed != "" && !changed {
		v.typeAmount(&view, typed)
	}
	if method := v.typed("method"); method != "" {
		view.Method = method
	}
	return v.show(status, page.PayPage(view))
}
