package portal

import (
	"net/http"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// settings leads to the first of them.
func (v *visit) settings() error {
	list := v.settingsLinks()
	return v.goTo(list[0].Href, "")
}

// stripe shows the connection as it was stored last (U21).
func (v *visit) stripe() error {
	view, err := v.stripeView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.StripePage(view))
}

func (v *visit) stripeView() (page.Stripe, error) {
	connection, err := v.do.Connection(v.ctx(), v.caller, v.place())
	if err != nil {
		return page.Stripe{}, err
	}
	view := page.Stripe{
		Shell: v.settingsShell("Stripe"), Connection: connection, Zone: v.zone(v.place()), MayEdit: v.may(v.place(), remit.StripeAll),
		MayRead: v.may(v.place(), remit.StripeRead), Ways: v.do.WaysToConnect(), Fee: v.do.ApplicationFee,
	}
	view.Unproved = view.MayEdit && !v.confirmed()
	view.History, err = v.do.ConnectionHistory(v.ctx(), v.caller, v.place())
	return view, err
}

// refreshStripe has Stripe asked now.
func (v *visit) refreshStripe() error {
	if err := v.do.LookAtConnection(v.ctx(), v.caller, v.place()); err != nil {
		if remit.AsError(err).Kind != remit.KindUnavailable {
			return err
		}
		v.portal.logger.WarnContext(v.ctx(), "the account was not looked at", "error", err)
		return v.goTo("/settings/stripe", "stripe_silent")
	}
	return v.goTo("/settings/stripe", "looked")
}

func (v *visit) saveKeys() error {
	_, err := v.do.SaveKeys(v.ctx(), v.caller, v.place(), commands.Given(commands.KeysInput{
		SecretKey: v.typed("secret_key"), PublishableKey: v.typed("publishable_key"), WebhookSecret: v.typed("webhook_secret"),
	}))
	if err == nil {
		return v.goTo("/settings/stripe", "keys")
	}
	p, status, mendable := problems(err, "secret_key", "publishable_key", "webhook_secret")
	if !mendable {
		return err
	}
	view, err := v.stripeView()
	if err != nil {
		return err
	}
	view.Problems, view.Publishes = p, v.typed("publishable_key")
	return v.show(status, page.StripePage(view))
}
