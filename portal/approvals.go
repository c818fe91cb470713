package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

func (p *Portal) mountApprovals(router gin.IRouter) {
	router.GET("/approvals", p.signedIn((*visit).approvals))
	router.POST("/approvals/handed", p.signedIn((*visit).handOver))
	router.POST("/approvals/handed/:id/back", p.signedIn((*visit).takeBack))
	router.GET("/approvals/:id", p.signedIn((*visit).approval))
	router.POST("/approvals/:id/approve", p.signedIn((*visit).approve))
	router.POST("/approvals/:id/decline", p.signedIn((*visit).decline))
	router.GET("/settings/approvals", p.signedIn((*visit).approvalSettings))
	router.POST("/settings/approvals", p.signedIn((*visit).saveApprovalSettings))
}

// approvalRows are the payments that wait for the visitor as a second person.
func (v *visit) approvalRows(after string) ([]page.ApprovalRow, string, error) {
	if v.member.Customer != nil {
		return nil, "", nil
	}
	list, err := v.do.Approvals(v.ctx(), v.caller, commands.ApprovalFilter{Organisation: v.place(), Shown: true}, commands.Page{After: after, Limit: inboxItems})
	if remit.IsCode(err, remit.CodeForbidden) || remit.IsCode(err, remit.CodeNotFound) {
		return nil, "", nil // nobody asks him
	}
	rows := make([]page.ApprovalRow, len(list.Items))
	for n, a := range list.Items {
		rows[n] = page.ApprovalRow{Approval: a, Zone: v.zone(a.Organisation)}
	}
	return rows, list.Next, err
}

func (v *visit) approvals() error {
	view, err := v.approvalsView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ApprovalsPage(view))
}

func (v *visit) approvalsView() (page.Approvals, error) {
	view := page.Approvals{Shell: v.shell("Approvals", ""), Me: v.caller.Account.String(), Places: v.placesWhere(remit.StripeApprove)}
	rows, next, err := v.approvalRows(v.query("after"))
	if err != nil {
		return view, err
	}
	view.Rows, view.Place = rows, v.at("", view.Places)
	if next != "" {
		view.Next = "/approvals?" + url.Values{"after": {next}}.Encode()
	}
	if view.Delegations, err = v.do.Delegations(v.ctx(), v.caller, v.place()); err != nil {
		return view, err
	}
	if len(view.Places)+len(view.Rows)+len(view.Delegations) == 0 {
		return view, remit.Forbidden(remit.StripeApprove.String(), v.place())
	}
	return view, nil
}

func (v *visit) handOver() error {
	view, err := v.approvalsView()
	if err != nil {
		return err
	}
	view.Place, view.Email, view.Until = v.typed("organisation"), v.typed("to"), v.typed("until")
	_, err = v.do.Delegate(v.ctx(), v.caller, func() (commands.DelegationInput, error) {
		until, err := remit.ParseDate(view.Until)
		if err != nil {
			return commands.DelegationInput{}, wrong("until", "Choose a day.")
		}
		return commands.DelegationInput{Organisation: view.Place, Email: view.Email, Until: until}, nil
	})
	if err == nil {
		return v.goTo("/approvals", "saved")
	}
	p, status, mendable := problems(err, "organisation", "to", "until")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.ApprovalsPage(view))
}

func (v *visit) takeBack() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.do.TakeBack(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo("/approvals", "saved")
}

// approval shows what is asked, and asks who may for a decision.
func (v *visit) approval() error {
	view, err := v.approvalView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ApprovalPage(view))
}

func (v *visit) approvalView() (page.Approval, error) {
	id, err := v.id("id")
	if err != nil {
		return page.Approval{}, err
	}
	a, may, err := v.do.Approval(v.ctx(), v.caller, id)
	if err != nil {
		return page.Approval{}, err
	}
	view := page.Approval{
		Shell: v.shell("Approve "+a.InvoiceNumber, "payer"), Approval: a, Zone: v.zone(a.Organisation), May: may, Mine: a.AskedBy.ID == v.caller.Account,
	}
	invoice, err := v.do.Invoice(v.ctx(), v.caller, a.InvoiceID)
	switch {
	case err == nil:
		view.Invoice = &invoice
	case !remit.IsCode(err, remit.CodeForbidden) && !remit.IsCode(err, remit.CodeNotFound):
		return view, err
	}
	return view, nil
}

func (v *visit) approve() error {
	return v.answerApproval("approved", func(view page.Approval) error {
		_, err := v.do.Approve(v.ctx(), v.caller, view.Approval.ID, commands.Given(struct{}{}))
		return err
	})
}

func (v *visit) decline() error {
	return v.answerApproval("declined", func(view page.Approval) error {
		_, err := v.do.Decline(v.ctx(), v.caller, view.Approval.ID, commands.Given(commands.DeclineInput{Reason: view.Reason}))
		return err
	})
}

func (v *visit) answerApproval(done string, answer func(page.Approval) error) error {
	view, err := v.approvalView()
	if err != nil {
		return err
	}
	view.Reason = v.typed("reason")
	err = answer(view)
	if err == nil {
		return v.goTo("/approvals/"+view.Approval.ID.String(), done)
	}
	if remit.IsCode(err, remit.CodeStepUp) {
		return v.askToConfirm("/approvals/" + view.Approval.ID.String())
	}
	p, status, mendable := problems(err, "reason")
	if !mendable {
		return err
	}
	reason := view.Reason
	if view, err = v.approvalView(); err != nil { // it may have lapsed meanwhile
		return err
	}
	view.Problems, view.Reason = p, reason
	return v.show(status, page.ApprovalPage(view))
}

// secondPerson tells the payment form that a second person is needed.
func (v *visit) secondPerson(view *page.Pay) {
	i := view.Item.Invoice
	rules := i.Settings.Approvals
	if rules.Above == nil {
		return
	}
	alone, err := v.do.PaidAlone(v.ctx(), v.caller, i)
	if err != nil || !rules.Asks(remit.ToPay{Amount: i.Outstanding, Surcharge: view.Fees.With(view.Method)}, alone, i.Currency) {
		return
	}
	view.Asks = page.MoneyISO(*rules.Above, rules.Currency)
	if alone > 0 {
		view.Alone = page.MoneyISO(alone, i.Currency)
	}
	if last, err := v.do.MyApproval(v.ctx(), v.caller, i); err == nil {
		view.Approval = last
	}
}

// asksSecond leads back to the payment form, which tells what waits.
func (v *visit) asksSecond(item remit.WorkItem, err error) bool {
	var waits *commands.ApprovalNeededError
	return errors.As(err, &waits) && v.goTo("/inbox/"+item.ID.String(), "second") == nil
}

func (v *visit) approvalSettings() error {
	view, err := v.approvalSettingsView(v.query("at"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ApprovalSettingsPage(view))
}

func (v *visit) approvalSettingsView(asked string) (page.ApprovalSettings, error) {
	places := v.placesWhere(remit.WorkflowEdit)
	view := page.ApprovalSettings{Shell: v.settingsShell("Approvals"), Places: places, Place: v.at(asked, places)}
	rules, err := v.do.ApprovalRules(v.ctx(), v.caller, view.Place)
	if err != nil {
		return view, err
	}
	view.Currency, view.Hours, view.Automatic = rules.Currency, strconv.Itoa(rules.EscalateAfter), rules.Automatic
	view.SetAt, view.Reaches = rules.SetAt, rules.Reaches
	if rules.Above != nil {
		view.Above = page.Typed(*rules.Above, rules.Currency)
	}
	return view, nil
}

func (v *visit) saveApprovalSettings() error {
	view, err := v.approvalSettingsView(v.typed("at"))
	if err != nil {
		return err
	}
	view.Above, view.Hours, view.Automatic = v.typed("above"), v.typed("escalate_after_hours"), v.typed("automatic_charges") != ""
	_, err = v.do.SetApprovalRules(v.ctx(), v.caller, view.Place, func() (remit.ApprovalSettings, error) {
		settings := remit.ApprovalSettings{Automatic: view.Automatic}
		if settings.EscalateAfter, err = strconv.Atoi(view.Hours); err != nil {
			settings.EscalateAfter = 0 // which the check refuses in words
		}
		if view.Above != "" {
			above, err := money.ParseDecimal(view.Above, money.Currency(view.Currency))
			if err != nil {
				return settings, wrong("above", err.Error())
			}
			settings.Above = &above.Minor
		}
		return settings, nil
	})
	if err == nil {
		return v.goTo("/settings/approvals?"+url.Values{"at": {view.Place}}.Encode(), "saved")
	}
	p, status, mendable := problems(err, "above", "escalate_after_hours")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.ApprovalSettingsPage(view))
}
