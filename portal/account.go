package portal

import (
	"encoding/base64"
	"net/http"
	"time"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// confirmedFor is somewhat less than commands asks for, so that what is begun
// here can be finished.
const confirmedFor = 9 * time.Minute

// confirmed reports whether the visitor has just proved who he is.
func (v *visit) confirmed() bool { return v.do.Now().Sub(v.caller.ConfirmedAt) < confirmedFor }

func (v *visit) confirmView() page.Confirm {
	return page.Confirm{Shell: v.shell("Confirm that it is you", "narrow"), Next: v.query("next"), Kept: v.kept()}
}

// askToConfirm answers what needs a fresh proof of who asks. What was typed is
// kept, unless there was a secret in it, which then is typed again on the page
// next.
func (v *visit) askToConfirm(next string) error {
	view := v.confirmView()
	if len(view.Kept) == 0 {
		view.Next = next
	}
	return v.showConfirm(http.StatusForbidden, view)
}

func (v *visit) confirmPage() error { return v.showConfirm(http.StatusOK, v.confirmView()) }

func (v *visit) showConfirm(status int, view page.Confirm) error {
	me, err := v.do.Me(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	view.MFA, view.HasPassword = me.MFA, me.HasPassword
	if me.Linked {
		view.Provider = v.provider()
	}
	return v.show(status, page.ConfirmPage(view))
}

func (v *visit) confirm() error {
	in, err := v.do.Confirm(v.ctx(), v.caller, v.secret("password"), v.typed("code"))
	if err != nil {
		view := v.confirmView()
		view.Next = v.typed("next")
		e := remit.AsError(err)
		p, status, mendable := problems(err, "password", "code")
		switch {
		case mendable:
			view.Problems = p
		case e.Kind == remit.KindUnauthenticated:
			view.Problems.Fields, status = []remit.FieldError{{Field: "password", Message: "The password is wrong."}}, http.StatusUnauthorized
		default:
			return err
		}
		return v.showConfirm(status, view)
	}
	v.portal.sessions.Remember(v.gin.Writer.Header(), v.gin.Request, in)
	return v.onward()
}

func (v *visit) accountView() (page.Account, error) {
	me, err := v.do.Me(v.ctx(), v.caller)
	return page.Account{
		Shell: v.shell("Account", "payer"), Name: me.Name, Email: me.Email, MFA: me.MFA, Grants: me.Grants,
		HasPassword: me.HasPassword, Linked: me.Linked, Provider: v.provider(),
	}, err
}

func (v *visit) accountPage() error { return v.showAccount(http.StatusOK, func(*page.Account) {}) }

func (v *visit) showAccount(status int, change func(*page.Account)) error {
	view, err := v.accountView()
	if err != nil {
		return err
	}
	change(&view)
	return v.show(status, page.AccountPage(view))
}

func (v *visit) changePassword() error {
	err := v.do.ChangePassword(v.ctx(), v.caller, commands.Given(commands.PasswordChange{Old: v.secret("current"), New: v.secret("password")}))
	if err == nil {
		return v.goTo("/account", "password")
	}
	if remit.IsCode(err, remit.CodeStepUp) { // a first password
		return v.askToConfirm("/account")
	}
	e := remit.AsError(err)
	for n := range e.Fields { // the API's names of the two fields
		switch e.Fields[n].Field {
		case "current_password":
			e.Fields[n].Field = "current"
		case "new_password":
			e.Fields[n].Field = "password"
		}
	}
	p, status, mendable := problems(e, "current", "password")
	switch {
	case mendable:
	case e.Kind == remit.KindUnauthenticated:
		p, status = page.Problems{Fields: []remit.FieldError{{Field: "current", Message: "The present password is wrong."}}}, http.StatusUnauthorized
	default:
		return err
	}
	return v.showAccount(status, func(view *page.Account) { view.Problems = p })
}

func (v *visit) beginMFA() error {
	factor, err := v.do.BeginMFA(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	return v.showAccount(http.StatusOK, func(view *page.Account) {
		view.Setup = &page.Setup{Secret: factor.Secret.Reveal(), Link: factor.URL.Reveal(), QR: base64.StdEncoding.EncodeToString(factor.QR)}
	})
}

func (v *visit) confirmMFA() error {
	codes, err := v.do.ConfirmMFA(v.ctx(), v.caller, v.typed("code"))
	if err != nil {
		p, status, mendable := problems(err, "code")
		if !mendable {
			return err
		}
		return v.showAccount(status, func(view *page.Account) { view.Setup, view.Problems = &page.Setup{}, p })
	}
	return v.showAccount(http.StatusOK, func(view *page.Account) {
		for _, code := range codes {
			view.Codes = append(view.Codes, code.Reveal())
		}
	})
}

func (v *visit) removeMFA() error {
	if err := v.do.RemoveMFA(v.ctx(), v.caller); err != nil {
		return err
	}
	return v.goTo("/account", "nomfa")
}

func (v *visit) signOutEverywhere() error {
	if err := v.do.SignOutEverywhere(v.ctx(), v.caller); err != nil {
		return err
	}
	v.portal.sessions.Forget(v.gin.Writer.Header(), v.gin.Request)
	return v.goTo("/sign-in", "out")
}
