package portal

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

func (p *Portal) mountExcess(router gin.IRouter) {
	router.GET("/excess", p.signedIn((*visit).excess))
	router.GET("/excess/new", p.signedIn((*visit).newExcessPage))
	router.POST("/excess/new", p.signedIn((*visit).newExcess))
	router.GET("/excess/:id", p.signedIn((*visit).excessItem))
	router.POST("/excess/:id", p.signedIn((*visit).decideExcess))
}

// excess lists the money that could not be applied (U17).
func (v *visit) excess() error {
	resolved := v.query("tab") == "decided"
	list, err := v.do.Excess(v.ctx(), v.caller, commands.ExcessFilter{Organisation: v.place(), Resolved: resolved}, commands.Page{After: v.query("after")})
	if err != nil {
		return err
	}
	view := page.ExcessDesk{Shell: v.shell("Excess", ""), Resolved: resolved, Now: v.today()}
	for _, item := range list.Items {
		view.Rows = append(view.Rows, page.ExcessRow{Item: item, Zone: v.zone(item.Organisation)})
	}
	if list.Next != "" {
		next := url.Values{"after": {list.Next}}
		if resolved {
			next.Set("tab", "decided")
		}
		view.Next = "/excess?" + next.Encode()
	}
	return v.show(http.StatusOK, page.ExcessPage(view))
}

func (v *visit) excessItem() error {
	view, err := v.excessView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ExcessItemPage(view))
}

func (v *visit) excessView() (page.ExcessItem, error) {
	id, err := v.id("id")
	if err != nil {
		return page.ExcessItem{}, err
	}
	item, err := v.do.ExcessItem(v.ctx(), v.caller, id)
	if err != nil {
		return page.ExcessItem{}, err
	}
	view := page.ExcessItem{Shell: v.shell("Excess of "+page.Money(item.Amount, item.Currency), "payer"), Item: item, Zone: v.zone(item.Organisation), Customer: v.typed("customer_id"), Key: newKey()}
	if item.CustomerID == nil {
		view.Customers, err = v.customersToChoose(view.Customer)
	}
	return view, err
}

func (v *visit) decideExcess() error {
	view, err := v.excessView()
	if err != nil {
		return err
	}
	at, action := v.path(), v.typed("action")
	_, err = v.once(v.typed("key"), action+" "+view.Customer, at, func(ctx context.Context) (string, bool, error) {
		in := commands.ResolveInput{Action: remit.ExcessAction(action)}
		customer, err := chosenCustomer(view.Customer)
		if err != nil {
			return "", false, err
		}
		in.CustomerID = customer
		_, err = v.do.ResolveExcess(ctx, v.caller, view.Item.ID, commands.Given(in))
		return at, err == nil, err
	})
	if err != nil {
		p, status, mendable := problems(err, "customer_id")
		if !mendable {
			return err
		}
		if view, err = v.excessView(); err != nil { // as it is by now
			return err
		}
		view.Problems = p
		return v.show(status, page.ExcessItemPage(view))
	}
	return v.goTo(at, "decided")
}

func chosenCustomer(text string) (*uuid.UUID, error) {
	if text == "" {
		return nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, wrong("customer_id", "Choose a customer.")
	}
	return &id, nil
}

func (v *visit) newExcessPage() error {
	view, err := v.excessForm()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ExcessFormPage(view))
}

func (v *visit) excessForm() (page.ExcessForm, error) {
	places := v.placesWhere(remit.StripeRefund)
	if len(places) == 0 {
		return page.ExcessForm{}, remit.Forbidden(remit.StripeRefund.String(), v.place())
	}
	view := page.ExcessForm{
		Shell: v.shell("Record a transfer", "payer"), Places: places, Organisation: v.typed("organisation"), Amount: v.typed("amount"), Currency: v.typed("currency"),
		Reference: v.typed("reference"), Customer: v.typed("customer_id"), Key: newKey(),
	}
	if view.Currency == "" {
		view.Currency = v.currency(places[0])
	}
	var err error
	view.Customers, err = v.customersToChoose(view.Customer)
	return view, err
}

func (v *visit) newExcess() error {
	view, err := v.excessForm()
	if err != nil {
		return err
	}
	content := url.Values{"at": {view.Organisation}, "amount": {view.Amount}, "currency": {view.Currency}, "reference": {view.Reference}, "customer": {view.Customer}}.Encode()
	to, err := v.once(v.typed("key"), content, "/excess", func(ctx context.Context) (string, bool, error) {
		item, err := v.do.RecordUnmatched(ctx, v.caller, func() (commands.UnmatchedInput, error) {
			in := commands.UnmatchedInput{Organisation: view.Organisation, Currency: view.Currency, Reference: view.Reference}
			currency, err := money.ParseCurrency(view.Currency)
			if err != nil {
				return in, wrong("currency", err.Error())
			}
			amount, err := money.ParseDecimal(view.Amount, currency)
			if err != nil {
				return in, wrong("amount", err.Error())
			}
			in.Amount = amount.Minor
			in.CustomerID, err = chosenCustomer(view.Customer)
			return in, err
		})
		return "/excess/" + item.ID.String(), err == nil, err
	})
	if err != nil {
		p, status, mendable := problems(err, "organisation", "amount", "currency", "reference", "customer_id")
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.ExcessFormPage(view))
	}
	return v.goTo(to, "record")
}
