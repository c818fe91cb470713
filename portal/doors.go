package portal

import (
	"net/http"

	"remit"
	"remit/api"
	"remit/commands"
	"remit/portal/page"
	"remit/secrets"
)

// home leads to where somebody's work is.
func (v *visit) home() error {
	switch {
	case v.member.Customer != nil:
		return v.goTo("/portal", v.query("done"))
	case v.paysNothing() && v.anywhere(remit.InvoiceRead):
		return v.goTo("/invoices", v.query("done"))
	}
	return v.goTo("/inbox", v.query("done"))
}

// paysNothing reports that no work item reaches the visitor nor is likely to: he
// holds no payer role, and no item's role is his.
func (v *visit) paysNothing() bool {
	if v.anywhere(remit.RoleScope(remit.DefaultPayersRole)) || v.anywhere(remit.StripePay) {
		return false
	}
	every := []remit.WorkItemState{remit.WorkItemOpen, remit.WorkItemClaimed, remit.WorkItemPaying, remit.WorkItemDone, remit.WorkItemCancelled}
	list, err := v.do.WorkItems(v.ctx(), v.caller, commands.WorkItemFilter{Organisation: v.place(), States: every}, commands.Page{Limit: 1})
	return err == nil && len(list.Items) == 0
}

func (v *visit) from() commands.From { return api.From(v.gin.Request) }

// secret is a field that must not be seen. Passwords are taken as they are.
func (v *visit) secret(name string) secrets.Secret {
	return secrets.NewSecret(v.gin.Request.PostForm.Get(name))
}

func (v *visit) signInPage() error {
	next := v.query("next")
	if !local(next) {
		next = ""
	}
	view := v.signInView()
	view.Next = next
	return v.show(http.StatusOK, page.SignInPage(view))
}

func (v *visit) signInView() page.SignIn {
	return page.SignIn{Shell: v.outside("Sign in"), Provider: v.provider()}
}

// outside is the frame of pages for who is not signed in.
func (v *visit) outside(title string) page.Shell {
	s := v.shell(title, "narrow")
	s.Nav, s.Person, s.Choices = nil, "", nil
	return s
}

// askToSignIn answers a request of who is not signed in, and keeps what was
// typed.
func (v *visit) askToSignIn() error {
	in := v.signInView()
	in.Kept = v.kept()
	if v.gin.Request.Method == http.MethodGet && v.path() != "/" {
		in.Next = v.here()
	}
	if v.htmx() { // the whole page: its header must not name who is signed out
		v.gin.Header("HX-Retarget", "body")
		v.gin.Header("HX-Reswap", "innerHTML show:window:top")
		v.gin.Header("HX-Reselect", "unset")
	}
	return v.show(http.StatusUnauthorized, page.SignInPage(in))
}

func (v *visit) signIn() error {
	in, err := v.do.SignIn(v.ctx(), commands.SignInInput{
		Email: v.typed("email"), Password: v.secret("password"), KnownBrowser: v.portal.sessions.KnownBrowser(v.gin.Request), From: v.from(),
	})
	if err != nil {
		return v.refuseSignIn(err)
	}
	return v.arrived(in)
}

// refuseSignIn shows the form again, with nothing more than that it was wrong.
func (v *visit) refuseSignIn(err error) error {
	e := remit.AsError(err)
	if e.Kind != remit.KindUnauthenticated && e.Kind != remit.KindLimited && e.Kind != remit.KindUnavailable {
		return err
	}
	again := v.signInView()
	again.Email, again.Next, again.Kept = v.typed("email"), v.typed("next"), v.kept()
	again.Problems.Message = e.Message
	return v.show(statusOf(e.Kind), page.SignInPage(again))
}

// arrived sets the cookies of a sign-in, and asks for the second factor or goes
// on.
func (v *visit) arrived(in commands.SignedIn) error {
	v.portal.sessions.Remember(v.gin.Writer.Header(), v.gin.Request, in)
	if in.Session.IsZero() {
		return v.show(http.StatusOK, page.CodePage(page.Code{Shell: v.outside("Enter your code"), Next: v.typed("next"), Kept: v.kept()}))
	}
	return v.onward()
}

func (v *visit) signInCode() error {
	in, err := v.do.SignInMFA(v.ctx(), v.portal.sessions.FactorToken(v.gin.Request), v.typed("code"), v.from())
	if err != nil {
		e := remit.AsError(err)
		if e.Kind != remit.KindUnauthenticated && e.Kind != remit.KindInvalid && e.Kind != remit.KindLimited {
			return err
		}
		again := page.Code{Shell: v.outside("Enter your code"), Next: v.typed("next"), Kept: v.kept()}
		again.Problems.Fields = []remit.FieldError{{Field: "code", Message: e.Message}}
		return v.show(statusOf(e.Kind), page.CodePage(again))
	}
	return v.arrived(in)
}

func (v *visit) signOut() error {
	if token := v.portal.sessions.SessionToken(v.gin.Request); token != "" {
		if err := v.do.SignOut(v.ctx(), token); err != nil {
			return err
		}
	}
	v.portal.sessions.Forget(v.gin.Writer.Header(), v.gin.Request)
	return v.goTo("/sign-in", "out")
}

func (v *visit) forgottenPage() error {
	return v.show(http.StatusOK, page.ForgottenPage(page.Forgotten{Shell: v.outside("Forgotten password")}))
}

// forgotten answers alike for every address.
func (v *visit) forgotten() error {
	answer := page.Forgotten{Shell: v.outside("Forgotten password"), Sent: true}
	if err := v.do.RequestReset(v.ctx(), v.typed("email"), v.from()); err != nil {
		p, status, mendable := problems(err, "email")
		if !mendable {
			return err
		}
		answer.Problems, answer.Sent = p, false
		return v.show(status, page.ForgottenPage(answer))
	}
	return v.show(http.StatusOK, page.ForgottenPage(answer))
}

func (v *visit) resetView() page.NewPassword {
	return page.NewPassword{Shell: v.outside("New password"), Action: v.path()}
}

func (v *visit) resetPage() error { return v.show(http.StatusOK, page.NewPasswordPage(v.resetView())) }

func (v *visit) reset() error {
	if err := v.do.ResetPassword(v.ctx(), v.gin.Param("token"), v.secret("password"), v.from()); err != nil {
		return v.passwordAgain(v.resetView(), err)
	}
	return v.goTo("/sign-in", "reset")
}

func (v *visit) passwordAgain(again page.NewPassword, err error) error {
	e := remit.AsError(err)
	p, status, mendable := problems(err, "password")
	switch {
	case mendable:
		again.Problems = p
	case e.Kind == remit.KindUnauthenticated:
		again.Problems.Fields, status = []remit.FieldError{{Field: "password", Message: "The password is wrong."}}, http.StatusUnauthorized
	default:
		return err
	}
	return v.show(status, page.NewPasswordPage(again))
}

func (v *visit) invitationView() (page.NewPassword, error) {
	invitation, err := v.do.Invitation(v.ctx(), v.gin.Param("token"))
	return page.NewPassword{
		Shell: v.outside("Invitation"), Action: "/invitation/" + v.gin.Param("token"), Invitation: true,
		Provider: v.provider(), Linked: invitation.Linked, Existing: invitation.HasPassword, Place: invitation.Organisation, Email: invitation.Email,
	}, err
}

func (v *visit) invitationPage() error {
	view, err := v.invitationView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.NewPasswordPage(view))
}

func (v *visit) acceptInvitation() error {
	view, err := v.invitationView()
	if err != nil {
		return err
	}
	if err := v.do.AcceptInvitation(v.ctx(), v.gin.Param("token"), v.secret("password"), v.from()); err != nil {
		return v.passwordAgain(view, err)
	}
	return v.goTo("/sign-in", "accepted")
}

func (v *visit) theme() error {
	theme := v.typed("theme")
	if theme != "light" && theme != "dark" {
		theme = ""
	}
	v.remember(cookieTheme, theme)
	if next := v.typed("next"); local(next) {
		return v.goTo(next, "")
	}
	return v.goTo("/", "")
}

func (v *visit) choose() error {
	for _, m := range v.caller.Tenants {
		if m.Path == v.typed("organisation") {
			v.remember(cookieOrganisation, m.Path)
		}
	}
	return v.goTo("/", "")
}

func (v *visit) help() error {
	return v.show(http.StatusOK, page.HelpPage(page.Help{Shell: v.shell("Help", "payer")}))
}
