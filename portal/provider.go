package portal

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/identity"
	"remit/portal/page"
)

// provider is the name of the identity provider, "" where none is configured.
func (v *visit) provider() string {
	if v.do.Identity == nil {
		return ""
	}
	return v.do.Identity.Name()
}

// signInAtProvider leaves to sign in. It is the answer to a POST, so that no
// other site can begin it; where it may lead is in the content security policy.
func (v *visit) signInAtProvider() error {
	there, err := v.do.SignInAtProvider(v.ctx(), v.nextTyped())
	return v.leaveToProvider(there, err)
}

func (v *visit) acceptAtProvider() error {
	there, err := v.do.AcceptAtProvider(v.ctx(), v.gin.Param("token"))
	return v.leaveToProvider(there, err)
}

func (v *visit) confirmAtProvider() error {
	there, err := v.do.ConfirmAtProvider(v.ctx(), v.caller, v.nextTyped())
	return v.leaveToProvider(there, err)
}

func (v *visit) linkAtProvider() error {
	there, err := v.do.LinkAtProvider(v.ctx(), v.caller)
	return v.leaveToProvider(there, err)
}

// longestNext is how long the address of a page to go on to may be.
const longestNext = 1000

func (v *visit) nextTyped() string {
	if next := v.typed("next"); local(next) && len(next) <= longestNext {
		return next
	}
	return "/"
}

func (v *visit) leaveToProvider(there commands.AtProvider, err error) error {
	if err != nil {
		return v.refuseProvider(err)
	}
	v.portal.sessions.SendToProvider(v.gin.Writer.Header(), v.gin.Request, there)
	return v.leave(there.Address)
}

// fromProvider takes the provider's answer. The page that it leads on to has an
// address without the code.
func (v *visit) fromProvider() error {
	done, err := v.do.FinishAtProvider(v.ctx(), v.caller, commands.ProviderAnswer{
		Secret: v.portal.sessions.ProviderSecret(v.gin.Request), State: v.gin.Query("state"),
		Answer: identity.Answer{Code: v.gin.Query("code"), Error: v.gin.Query("error"), Issuer: v.gin.Query("iss")},
	}, v.from())
	if err != nil {
		return v.refuseProvider(err)
	}
	header := v.gin.Writer.Header()
	v.portal.sessions.SendToProvider(header, v.gin.Request, commands.AtProvider{})
	if done.Linked {
		return v.goTo(done.Next, "linked")
	}
	v.portal.sessions.Remember(header, v.gin.Request, done.SignedIn)
	if done.Session.IsZero() {
		return v.goTo("/sign-in/code?"+url.Values{"next": {done.Next}}.Encode(), "")
	}
	return v.goTo(done.Next, "")
}

// refuseProvider says what went wrong where the visitor can begin anew.
func (v *visit) refuseProvider(err error) error {
	e := remit.AsError(err)
	switch e.Kind {
	case remit.KindUnauthenticated, remit.KindUnavailable, remit.KindConflict:
	case remit.KindInternal, remit.KindMalformed, remit.KindDeclined, remit.KindForbidden, remit.KindNotFound,
		remit.KindTooLarge, remit.KindUnsupported, remit.KindInvalid, remit.KindLimited:
		return err
	}
	if v.caller.Account != uuid.Nil {
		return v.showAccount(statusOf(e.Kind), func(view *page.Account) { view.Problems.Message = e.Message })
	}
	view := v.signInView()
	view.Problems.Message = e.Message
	return v.show(statusOf(e.Kind), page.SignInPage(view))
}

// codePage asks for the second factor of who comes from the provider.
func (v *visit) codePage() error {
	next := v.query("next")
	if !local(next) {
		next = ""
	}
	return v.show(http.StatusOK, page.CodePage(page.Code{Shell: v.outside("Enter your code"), Next: next}))
}

func (v *visit) unlinkProvider() error {
	err := v.do.UnlinkProvider(v.ctx(), v.caller)
	if remit.AsError(err).Kind == remit.KindConflict {
		return v.refuseProvider(err)
	}
	if err != nil {
		return err
	}
	return v.goTo("/account", "unlinked")
}
