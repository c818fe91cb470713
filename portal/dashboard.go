package portal

import (
	"net/http"
	"net/url"
	"strconv"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

const pathDashboard = "/stripe"

// dashboard shows what is at Stripe, as it was stored last (U29).
func (v *visit) dashboard() error {
	found, err := v.do.Dashboard(v.ctx(), v.caller, v.place())
	view := page.Dashboard{Shell: v.shell("Dashboard", ""), MayConnect: v.may(v.place(), remit.StripeAll)}
	if remit.IsCode(err, remit.CodeNotConnected) {
		return v.show(http.StatusOK, page.DashboardPage(view))
	}
	if err != nil {
		return err
	}
	fresh := "none"
	if found.State.FreshAt != nil {
		fresh = strconv.FormatInt(found.State.FreshAt.UnixMicro(), 10)
	}
	coming := found.State.Coming()
	if known := v.query("known"); known != "" && v.htmx() {
		if known != fresh || !coming { // all of the page is news
			v.gin.Header("HX-Redirect", pathDashboard)
		}
		v.gin.Status(http.StatusNoContent)
		return nil
	}
	view.Connected = true
	view.Connection, view.State, view.Account, view.Balances, view.Banks = found.Connection, found.State, found.Account, found.Balances, found.Banks
	view.Payouts, view.Odd, view.Moved, view.Zone, view.Address, view.Now = found.Payouts, found.Odd, found.Moved, found.Zone, found.Address, v.do.Now()
	view.Charts = page.Charts(found.Days, found.From, found.Today)
	if coming {
		view.Refresh, view.Poll = noScriptRefresh, pathDashboard+"?"+url.Values{"known": {fresh}}.Encode()
	}
	return v.show(http.StatusOK, page.DashboardPage(view))
}

// refreshDashboard has newer figures read and returns to those there are.
func (v *visit) refreshDashboard() error {
	if _, err := v.do.RefreshDashboard(v.ctx(), v.caller, v.place()); err != nil {
		return err
	}
	return v.goTo(pathDashboard, "asked")
}

// openDashboard leads into the dashboard that Stripe gives an Express account.
func (v *visit) openDashboard() error {
	address, err := v.do.DashboardLink(v.ctx(), v.caller, v.place())
	if err != nil {
		return err
	}
	v.gin.Redirect(http.StatusSeeOther, address)
	return nil
}

func (v *visit) payouts() error {
	filter := commands.FigureFilter{Organisation: v.place(), Status: remit.PayoutStatus(v.query("status"))}
	found, err := v.do.StoredPayouts(v.ctx(), v.caller, filter, commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view := page.Payouts{Shell: v.shell("Payouts", ""), State: found.State, Rows: found.Is.Items, Status: string(filter.Status), Zone: v.zone(v.place())}
	if found.Is.Next != "" {
		view.Next = "/stripe/payouts?" + url.Values{"status": {view.Status}, "after": {found.Is.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.PayoutsPage(view))
}

// payout shows one with what it carries: which invoices are in it (PO7).
func (v *visit) payout() error {
	id := v.gin.Param("payout")
	found, err := v.do.StoredPayout(v.ctx(), v.caller, v.place(), id, commands.Page{After: v.query("after"), Limit: 100})
	if err != nil {
		return err
	}
	view := page.PayoutDetail{Shell: v.shell("Payout", ""), State: found.State, Payout: found.Is.Payout, Sums: found.Is.Sums, Lines: found.Is.Lines.Items, Zone: v.zone(v.place())}
	if found.Is.Lines.Next != "" {
		view.Next = "/stripe/payouts/" + url.PathEscape(id) + "?" + url.Values{"after": {found.Is.Lines.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.PayoutPage(view))
}

// figureFilter reads the form above the transactions; what is no day is said.
func (v *visit) figureFilter() (filter commands.FigureFilter, problems page.Problems) {
	filter = commands.FigureFilter{Organisation: v.place(), Currency: v.query("currency"), Kind: remit.MovementKind(v.query("type")), Payout: v.query("payout")}
	for name, into := range map[string]*remit.Date{"from": &filter.From, "until": &filter.Until} {
		if text := v.query(name); text != "" {
			var err error
			if *into, err = remit.ParseDate(text); err != nil {
				problems.Fields = append(problems.Fields, remit.FieldError{Field: name, Message: "Enter a day like 2026-04-01."})
			}
		}
	}
	return filter, problems
}

func (v *visit) transactions() error {
	filter, problems := v.figureFilter()
	found, err := v.do.StoredTransactions(v.ctx(), v.caller, filter, commands.Page{After: v.query("after"), Limit: 100})
	if err != nil {
		return err
	}
	asked := url.Values{}
	for _, name := range []string{"type", "currency", "from", "until", "payout"} {
		if text := v.query(name); text != "" {
			asked.Set(name, text)
		}
	}
	view := page.Transactions{
		Shell: v.shell("Transactions", ""), State: found.State, Rows: found.Is.Items, Zone: v.zone(v.place()), Kind: filter.Kind, Currency: filter.Currency,
		From: v.query("from"), Until: v.query("until"), Payout: filter.Payout, Export: "/stripe/transactions.csv?" + asked.Encode(),
	}
	view.Problems = problems
	if found.Is.Next != "" {
		asked.Set("after", found.Is.Next)
		view.Next = "/stripe/transactions?" + asked.Encode()
	}
	return v.show(http.StatusOK, page.TransactionsPage(view))
}

func (v *visit) stripeCustomers() error {
	found, err := v.do.StoredCustomers(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view := page.StripeCustomers{Shell: v.shell("Customers at Stripe", ""), State: found.State, Rows: found.Is.Items, Zone: v.zone(v.place())}
	if found.Is.Next != "" {
		view.Next = "/stripe/customers?" + url.Values{"after": {found.Is.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.StripeCustomersPage(view))
}
