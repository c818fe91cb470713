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

// stripe shows the connection as it was stored last; with ?ask=now Stripe is
// asked (U21).
func (v *visit) stripe() error {
	view, err := v.stripeView()
	if err != nil {
		return err
	}
	if v.query("ask") == "now" && view.Connection.Status != remit.ConnectionDisconnected && v.may(v.place(), remit.StripeRead) {
		account, err := v.do.StripeAccount(v.ctx(), v.caller, v.place())
		if err != nil {
			v.portal.logger.WarnContext(v.ctx(), "the account was not read", "error", err)
			view.Trouble = "Stripe does not answer. These are the figures stored last."
		} else {
			view.Facts = &account.Facts
			view.Connection.Status = remit.StatusOfAccount(account.Facts)
			view.Connection.ChargesEnabled, view.Connection.PayoutsEnabled = account.Facts.ChargesEnabled, account.Facts.PayoutsEnabled
			now := v.do.Now()
			view.Connection.CheckedAt = &now
		}
	}
	return v.show(http.StatusOK, page.StripePage(view))
}

func (v *visit) stripeView() (page.Stripe, error) {
	connection, err := v.do.Connection(v.ctx(), v.caller, v.place())
	view := page.Stripe{Shell: v.settingsShell("Stripe"), Connection: connection, Zone: v.zone(v.place()), MayEdit: v.may(v.place(), remit.StripeAll)}
	view.Unproved = view.MayEdit && !v.confirmed()
	return view, err
}

func (v *visit) saveKeys() error {
	_, err := v.do.SaveKeys(v.ctx(), v.caller, v.place(), commands.Given(commands.KeysInput{
		SecretKey: v.typed("secret_key"), PublishableKey: v.typed("publishable_key"), WebhookSecret: v.typed("webhook_secret"),
	}))
	if err == nil {
		return v.goTo("/settings/stripe?ask=now", "keys")
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

func (v *visit) removeKeysPage() error {
	if !v.may(v.place(), remit.StripeAll) {
		return remit.Forbidden(remit.StripeAll.String(), v.place())
	}
	return v.show(http.StatusOK, page.AskPage(page.Ask{
		Shell: v.settingsShell("Remove the keys"), Heading: "Remove the API keys?",
		Message: "Payments can no longer be taken for " + v.place() + ". What is under way is followed to its end.",
		Action:  v.path(), Button: "Remove the keys", Back: page.Link{Label: "Keep them", Href: "/settings/stripe"},
	}))
}

func (v *visit) removeKeys() error {
	if err := v.do.RemoveKeys(v.ctx(), v.caller, v.place()); err != nil {
		return err
	}
	return v.goTo("/settings/stripe", "unkeyed")
}
