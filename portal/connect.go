package portal

import (
	"net/http"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// connectExpress sends whoever may connect to the form of an account that is made
// for the organisation.
func (v *visit) connectExpress() error {
	return v.sendTo(v.do.ConnectExpress(v.ctx(), v.caller, v.place(), commands.Given(commands.ExpressInput{Country: v.typed("country")})))
}

// refreshLink sends back to the form with a link of its own.
func (v *visit) refreshLink() error {
	return v.sendTo(v.do.RefreshLink(v.ctx(), v.caller, v.place()))
}

// connectStandard sends to Stripe to link an account.
func (v *visit) connectStandard() error {
	return v.sendTo(v.do.ConnectStandard(v.ctx(), v.caller, v.place()))
}

func (v *visit) sendTo(to commands.Leave, err error) error {
	if err == nil {
		return v.leave(to.URL)
	}
	p, status, mendable := problems(err, "country")
	if !mendable {
		return err
	}
	view, viewErr := v.stripeView()
	if viewErr != nil {
		return viewErr
	}
	view.Problems = p
	return v.show(status, page.StripePage(view))
}

// backFromForm is where Stripe's form leads back to: whether it is finished is asked
// for, never concluded.
func (v *visit) backFromForm() error {
	connection, err := v.do.BackFromForm(v.ctx(), v.caller, v.place())
	if err != nil {
		return err
	}
	if connection.Status == remit.ConnectionOnboarding {
		return v.goTo("/settings/stripe", "left_early")
	}
	return v.goTo("/settings/stripe", "form_back")
}

// linkExpired is where a link to Stripe's form leads that has expired or was used.
func (v *visit) linkExpired() error {
	return v.goTo("/settings/stripe", "link_expired")
}

// linked is where Stripe leads back to after an account's owner was asked to link it.
func (v *visit) linked() error {
	if v.query("error") != "" {
		if err := v.do.RefusedStandard(v.ctx(), v.caller, v.query("state")); err != nil {
			return err
		}
		return v.goTo("/settings/stripe", "not_linked")
	}
	_, err := v.do.FinishStandard(v.ctx(), v.caller, v.query("state"), v.query("code"))
	if err == nil {
		return v.goTo("/settings/stripe", "account_linked")
	}
	p, status, mendable := problems(err)
	if !mendable {
		return err
	}
	view, viewErr := v.stripeView()
	if viewErr != nil {
		return viewErr
	}
	view.Problems = p
	return v.show(status, page.StripePage(view))
}

// disconnectPage shows what disconnecting would touch before it asks (Z7).
func (v *visit) disconnectPage() error {
	connection, err := v.do.Connection(v.ctx(), v.caller, v.place())
	if err != nil {
		return err
	}
	impact, err := v.do.Impact(v.ctx(), v.caller, v.place())
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.DisconnectPage(page.Disconnect{Shell: v.settingsShell("Disconnect"), Connection: connection, Impact: impact, Zone: v.zone(v.place()), Unproved: !v.confirmed()}))
}

func (v *visit) disconnect() error {
	after, err := v.do.Disconnect(v.ctx(), v.caller, v.place(), v.typed("force") == "yes")
	if err != nil {
		return err
	}
	if after.DisconnectingSince != nil && after.Live() {
		return v.goTo("/settings/stripe", "disconnecting")
	}
	return v.goTo("/settings/stripe", "unkeyed")
}
