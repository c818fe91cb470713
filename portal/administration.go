package portal

import (
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// organisations shows the tree (U24).
func (v *visit) organisations() error {
	view, err := v.organisationsView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.OrganisationsPage(view))
}

func (v *visit) organisationsView() (page.Organisations, error) {
	view := page.Organisations{Shell: v.settingsShell("Organisations"), MayEdit: v.anywhere(remit.AdminOrganisations)}
	list, err := v.do.Organisations(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 100})
	view.Rows = list.Items
	if list.Next != "" {
		view.Next = "/settings/organisations?" + url.Values{"after": {list.Next}}.Encode()
	}
	return view, err
}

func (v *visit) addOrganisation() error {
	in := commands.OrganisationInput{Path: v.typed("path"), TimeZone: v.typed("time_zone"), Currency: v.typed("currency")}
	_, err := v.do.CreateOrganisation(v.ctx(), v.caller, commands.Given(in))
	if err == nil {
		return v.goTo("/settings/organisations", "saved")
	}
	p, status, mendable := problems(err, "path", "time_zone", "currency")
	if !mendable {
		return err
	}
	view, err := v.organisationsView()
	if err != nil {
		return err
	}
	view.Problems, view.Path, view.TimeZone, view.Currency = p, in.Path, in.TimeZone, in.Currency
	return v.show(status, page.OrganisationsPage(view))
}

// tokens lists API tokens (U27).
func (v *visit) tokens() error {
	view, err := v.tokensView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.TokensPage(view))
}

func (v *visit) tokensView() (page.Tokens, error) {
	view := page.Tokens{Shell: v.settingsShell("API tokens"), Zone: v.zone(v.place()), Now: v.do.Now()}
	list, err := v.do.APITokens(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 50})
	view.Rows = list.Items
	if list.Next != "" {
		view.Next = "/settings/tokens?" + url.Values{"after": {list.Next}}.Encode()
	}
	return view, err
}

// makeToken shows a new token's secret, which is never shown again.
func (v *visit) makeToken() error {
	made, err := v.do.CreateAPIToken(v.ctx(), v.caller, v.tokenBody())
	p, status := page.Problems{}, http.StatusOK
	if err != nil {
		var mendable bool
		if p, status, mendable = problems(err, "name", "scopes", "expires"); !mendable {
			return err
		}
	}
	view, err := v.tokensView()
	if err != nil {
		return err
	}
	if view.Problems = p; p.Any() {
		view.Name, view.Scopes, view.Expires = v.typed("name"), v.typed("scopes"), v.typed("expires")
	} else {
		view.Secret = made.Secret.Reveal()
	}
	return v.show(status, page.TokensPage(view))
}

func (v *visit) tokenBody() commands.Body[commands.TokenInput] {
	return func() (commands.TokenInput, error) {
		in := commands.TokenInput{Organisation: v.place(), Name: v.typed("name")}
		scopes, err := readScopes(v.typed("scopes"))
		if err != nil {
			return in, wrong("scopes", remit.AsError(err).Message)
		}
		if len(scopes) > 0 {
			in.Scopes = scopes
		}
		if last := v.typed("expires"); last != "" {
			day, err := remit.ParseDate(last)
			if err != nil {
				return in, wrong("expires", remit.AsError(err).Message)
			}
			ends := day.AddDays(1).StartIn(v.zone(v.place()))
			if !ends.After(v.do.Now()) {
				return in, wrong("expires", "This day is over.")
			}
			in.ExpiresAt = &ends
		}
		return in, nil
	}
}

func (v *visit) revokeToken() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.do.RevokeAPIToken(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo("/settings/tokens", "revoked")
}

// audit lists who did what (U28).
func (v *visit) audit() error {
	view := page.Audit{Shell: v.settingsShell("Audit"), Zone: v.zone(v.place()), Who: v.query("who"), Action: v.query("action"), Object: v.query("object")}
	filter := commands.AuditFilter{Organisation: v.place(), Who: view.Who, Action: view.Action, Object: view.Object}
	list, err := v.do.Audit(v.ctx(), v.caller, filter, commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view.Rows = list.Items
	if list.Next != "" {
		next := url.Values{"after": {list.Next}}
		for name, value := range map[string]string{"who": view.Who, "action": view.Action, "object": view.Object} {
			if value != "" {
				next.Set(name, value)
			}
		}
		view.Next = "/settings/audit?" + next.Encode()
	}
	return v.show(http.StatusOK, page.AuditPage(view))
}
