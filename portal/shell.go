package portal

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
	"remit/policies"
	"remit/portal/page"
)

// Cookies of the look and of the organisation somebody works in. They prove
// nothing and permit nothing.
const (
	cookieTheme        = "remit_theme"
	cookieOrganisation = "remit_organisation"
	choiceLife         = 365 * 24 * time.Hour
)

// here is the address of what is asked for, to come back to. The way back from Stripe
// works once and carries what nobody is to keep: the page it leads to stands for it.
func (v *visit) here() string {
	if v.path() == commands.OAuthReturn {
		return "/settings/stripe"
	}
	return v.gin.Request.URL.RequestURI()
}

// shell is the frame of a page for this visitor: what he may not do anywhere he
// is not led to.
func (v *visit) shell(title, width string) page.Shell {
	s := page.Shell{Title: title, Path: v.here(), Width: width, TestMode: v.do.Sandbox, Done: doneWords[v.query("done")]}
	if v.gin.Request.Method != http.MethodGet || v.path() == commands.ProviderReturn {
		s.Path, s.Done = "/", ""
	}
	if theme := cookieOf(v.gin.Request, cookieTheme); theme == "light" || theme == "dark" {
		s.Theme = theme
	}
	if v.caller.Account == uuid.Nil {
		return s
	}
	s.Person, s.Organisation = v.caller.Name, v.place()
	if s.Person == "" {
		s.Person = v.caller.Email
	}
	for _, m := range v.caller.Tenants {
		s.Choices = append(s.Choices, m.Path)
	}
	s.Nav = v.navigation()
	s.MoneyOff = v.do.MoneyIsOff(v.ctx(), v.member.Tenant)
	if !s.TestMode && v.anywhere(remit.StripeView) {
		connection, err := v.do.Connection(v.ctx(), v.caller, v.place())
		s.TestMode = err == nil && connection.Status != remit.ConnectionDisconnected && !connection.Livemode
	}
	return s
}

// doneWords are what a page says of the request before it, by the word that the
// redirect carried.
var doneWords = map[string]string{
	"scheduled": "The schedule is made.", "schedule_paused": "The schedule is paused.", "schedule_resumed": "The schedule bills again.", "schedule_ended": "The schedule has ended.",
	"sent": "The invoice is sent.", "processed": "Processed. It is in the inbox of who pays it.", "saved": "Saved.", "late-fee": "The late fee is taken back.", "promise": "The promise is noted. Nobody is reminded before its day has passed.", "resent": "The mail is on its way again.",
	"void": "The invoice is void.", "hold": "The invoice is on hold.", "lifted": "The hold is lifted.", "charging": "It is being charged. The timeline says what comes of it.", "autocharge": "It is charged by itself from now on.", "noautocharge": "It is not charged by itself any more.", "script": "The script runs again. The timeline says what came of it.", "link": "The link is made anew.", "record": "The transfer is recorded.", "refunded": "The refund is under way. The timeline says how it ends.",
	"keys": "The keys are checked and saved.", "unkeyed": "The account is disconnected.",
	"looked": "This is what Stripe says of the account now.", "asked": "Stripe is asked for newer figures. They are here in a moment.", "stripe_silent": "Stripe does not answer. These are the figures stored last.", "left_early": "You left Stripe's form early. Go on with it by Refresh Link.",
	"form_back": "You came back from Stripe's form. This is what Stripe says of the account.", "link_expired": "That link to Stripe's form has expired, or was used. Make a new one by Refresh Link.",
	"account_linked": "The account is linked.", "not_linked": "The account was not linked: access was not given at Stripe.", "disconnecting": "Nothing new is collected. What is on its way is followed to its end, then the account is disconnected.", "default": "The default method is changed.",
	"removed": "Removed.", "redelivered": "It is sent again.", "reenabled": "It is told of what happens from now on.", "password": "The password is changed. Your other sessions ended.", "nomfa": "The second factor is off.",
	"customer_linked": "The customer is linked. What is saved at Stripe can be charged.", "customer_deleted": "The customer is deleted. Invoices stay.", "difference_taken": "Taken from Stripe.", "difference_sent": "On its way to Stripe.",
	"mapping_stopped": "Stopped. What was done stays.", "mapping_resumed": "It goes on with the rest.",
	"customer_unlinked": "The customer is not linked at Stripe any more.",
	"cancelled":         "The payment is cancelled. Nothing was charged.", "fulfilled": "The order is marked as sent.",
	"granted": "The role is given.", "ungranted": "The role is taken away.", "revoked": "The token is revoked.", "reset": "The password is set. Sign in with it.",
	"accepted": "You are in. Sign in with your password.", "decided": "Decided.", "approved": "Approved. Nothing is charged before the payment is made.", "declined": "Declined. Nothing is charged.", "second": "Nothing was charged: a second person is asked to approve it.", "fetched": "Remit looks at it. Reconcile again to see what it came to.", "settled": "The payment is settled by your word.", "settled_back": "It is settled by your word.", "out": "You are signed out.", "card": "The payment method is saved.", "linked": "The sign-in is linked.", "unlinked": "The link is taken away. Your other sessions ended.", "disabled": "Taken out.", "enabled": "Let back in.",
}

func (v *visit) navigation() []page.Link {
	if v.member.Customer != nil {
		return []page.Link{v.link("Invoices", "/portal"), v.link("Payment settings", "/customers/"+v.member.Customer.String())}
	}
	nav := []page.Link{v.link("Inbox", "/inbox")}
	add := func(label, href string, scopes ...remit.Scope) {
		if slices.ContainsFunc(scopes, v.anywhere) {
			nav = append(nav, v.link(label, href))
		}
	}
	add("Invoices", "/invoices", remit.InvoiceRead)
	add("Customers", "/customers", remit.CustomerRead)
	add("Store", "/orders", remit.StoreEdit)
	add("Payments", "/payments", remit.StripeRead)
	add("Disputes", "/disputes", remit.StripeRead)
	add("Approvals", "/approvals", remit.StripeApprove)
	add("Excess", "/excess", remit.StripeRefund)
	if v.may(v.place(), remit.StripeRead) { // it tells of every branch
		nav = append(nav, v.link("Reconciliation", "/reconciliation"))
	}
	if v.may(v.place(), remit.StripeView) && v.may(v.place(), remit.StripeRead) {
		nav = append(nav, v.link("Dashboard", pathDashboard))
	}
	add("Due dates", "/due-date-runs", remit.InvoiceCharge)
	add("Import", "/imports", remit.InvoiceEdit)
	if len(v.settingsLinks()) > 0 {
		nav = append(nav, v.link("Settings", "/settings"))
	}
	if v.do.Sandbox {
		add("Demo", "/demo", remit.AdminOrganisations)
	}
	for n := range nav {
		if nav[n].Href == "/demo" {
			nav[n].Href = "/demo/clock"
		}
	}
	return nav
}

func (v *visit) link(label, href string) page.Link {
	at := v.path()
	if at == pathSchedules || strings.HasPrefix(at, pathSchedules+"/") {
		at = "/invoices"
	}
	if at == "/bank-accounts" || strings.HasPrefix(at, "/bank-accounts/") { // they are customers'
		at = "/customers"
		if v.member.Customer != nil {
			at += "/" + v.member.Customer.String()
		}
	}
	return page.Link{Label: label, Href: href, Current: at == href || strings.HasPrefix(at, href+"/")}
}

// settingsLinks are the settings somebody may see.
func (v *visit) settingsLinks() []page.Link {
	var list []page.Link
	for _, l := range []struct {
		label, href string
		scope       remit.Scope
	}{
		{"Stripe", "/settings/stripe", remit.StripeView},
		{"Payments", "/settings/payments", remit.StripeView},
		{"Excess", "/settings/excess", remit.StripeView},
		{"Approvals", "/settings/approvals", remit.WorkflowEdit},
		{"Notices", "/settings/notices", remit.InvoiceEdit},
		{"Store", "/settings/store", remit.StoreEdit},
		{"Retries", "/settings/retries", remit.StripeView},
		{"Workflow", "/settings/workflow", remit.WorkflowEdit},
		{"People", "/settings/people", remit.AdminUsers},
		{"Roles", "/settings/roles", remit.AdminRoles},
		{"Organisations", "/settings/organisations", remit.AdminOrganisations},
		{"API tokens", "/settings/tokens", remit.Scope{}},
		{"Webhooks", pathWebhooks, remit.AdminWebhooks},
		{"Audit", "/settings/audit", remit.AdminAudit},
	} {
		if l.scope == (remit.Scope{}) || v.anywhere(l.scope) {
			list = append(list, v.link(l.label, l.href))
		}
	}
	return list
}

func (v *visit) settingsShell(title string) page.Shell {
	s := v.shell(title, "")
	s.Side = &page.Side{Label: "Settings", Links: v.settingsLinks()}
	return s
}

func (v *visit) subject() policies.Subject {
	return policies.Subject{UserID: v.caller.Account, Tenant: v.member.Tenant}
}

// anywhere reports whether the visitor may do something at some organisation of
// the one chosen: whether to lead him there. Commands decide.
func (v *visit) anywhere(scope remit.Scope) bool {
	if v.member.Customer != nil || v.member.Tenant == uuid.Nil {
		return false
	}
	units, err := v.do.Authority.UnitsWhere(v.ctx(), v.subject(), scope)
	return err == nil && len(units) > 0
}

// may reports whether the visitor may do something at a path.
func (v *visit) may(path string, scope remit.Scope) bool {
	at, err := remit.ParsePath(path)
	if err != nil || v.member.Customer != nil {
		return false
	}
	subject := v.subject()
	for _, m := range v.caller.Tenants {
		if m.Path == at.Top().String() {
			subject.Tenant = m.Tenant
		}
	}
	decision, err := v.do.Authority.Can(v.ctx(), subject, at, scope)
	return err == nil && decision.Allowed
}

// organisations of the one chosen that the visitor sees, at most a hundred.
func (v *visit) organisationTree() []remit.Organisation {
	if v.looked || v.member.Tenant == uuid.Nil {
		return v.tree
	}
	v.looked = true
	own := v.caller
	own.Tenants = []commands.Membership{v.member}
	list, err := v.do.OrganisationTree(v.ctx(), own, commands.Page{Limit: 100})
	if err != nil {
		v.portal.logger.WarnContext(v.ctx(), "the organisations were not read", "error", err)
	}
	v.tree = list.Items
	return v.tree
}

// placesWhere are the paths at which the visitor may do something.
func (v *visit) placesWhere(scope remit.Scope) []string {
	places := []string{}
	for _, o := range v.organisationTree() {
		if v.may(o.Path, scope) {
			places = append(places, o.Path)
		}
	}
	return places
}

// zone is the time zone of an organisation, or of the nearest above it that is
// known; UTC where none is.
func (v *visit) zone(path string) *time.Location {
	best, length := "UTC", 0
	for _, o := range v.organisationTree() {
		within := o.Path == path || strings.HasPrefix(path, o.Path+"/")
		if within && len(o.Path) > length {
			best, length = o.TimeZone, len(o.Path)
		}
	}
	zone, err := time.LoadLocation(best)
	if err != nil {
		return time.UTC
	}
	return zone
}

func cookieOf(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// remember keeps a choice in a cookie; an empty value takes it away.
func (v *visit) remember(name, value string) {
	c := &http.Cookie{ //nolint:gosec // Secure wherever there is TLS; on loopback there is none
		Name: name, Value: value, Path: "/", MaxAge: int(choiceLife.Seconds()), HttpOnly: true,
		Secure: httpsec.Secure(v.ctx()), SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.gin.Writer, c)
}
