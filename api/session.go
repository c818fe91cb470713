package api

import (
	"net/http"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/secrets"
)

func signIn(c *call) (answer, error) {
	var wire signInWire
	if err := c.decode(&wire); err != nil {
		return answer{}, err
	}
	in, err := c.server.commands.SignIn(c.ctx(), commands.SignInInput{
		Email: wire.Email, Password: wire.Password, KnownBrowser: c.server.auth.KnownBrowser(c.request), From: From(c.request),
	})
	if err != nil {
		return answer{}, err
	}
	return c.signedIn(in)
}

func finishSignIn(c *call) (answer, error) {
	var wire codeWire
	if err := c.decode(&wire); err != nil {
		return answer{}, err
	}
	in, err := c.server.commands.SignInMFA(c.ctx(), c.server.auth.FactorToken(c.request), wire.Code, From(c.request))
	if err != nil {
		return answer{}, err
	}
	return c.signedIn(in)
}

func confirmSession(c *call) (answer, error) {
	var wire confirmWire
	if err := c.decode(&wire); err != nil {
		return answer{}, err
	}
	in, err := c.server.commands.Confirm(c.ctx(), c.caller, wire.Password, wire.Code)
	if err != nil {
		return answer{}, err
	}
	return c.signedIn(in)
}

// signedIn answers how far a sign-in came and sets its cookies. Who the caller
// is from now on is read with the new session.
func (c *call) signedIn(in commands.SignedIn) (answer, error) {
	header := http.Header{}
	c.server.auth.Remember(header, c.request, in)
	if in.Session.IsZero() {
		return answer{status: http.StatusAccepted, body: factorBody{"totp"}, header: header}, nil
	}
	caller, err := c.server.commands.Session(c.ctx(), in.Session.Reveal(), From(c.request))
	if err != nil {
		return answer{}, err
	}
	me, err := c.server.commands.Me(c.ctx(), caller)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: meShape(caller, me), header: header}, nil
}

// signOut ends this session, or all of the person's.
func signOut(c *call) (answer, error) {
	everywhere := c.flag("everywhere")
	switch {
	case c.caller.Session == nil:
		return answer{}, remit.Errorf(remit.KindForbidden, remit.CodeForbidden, "An API token has no session to end; revoke the token.")
	case everywhere != nil && *everywhere:
		if err := c.server.commands.SignOutEverywhere(c.ctx(), c.caller); err != nil {
			return answer{}, err
		}
	default:
		if err := c.server.commands.SignOut(c.ctx(), c.server.auth.SessionToken(c.request)); err != nil {
			return answer{}, err
		}
	}
	header := http.Header{}
	c.server.auth.Forget(header, c.request)
	return answer{status: http.StatusNoContent, header: header}, nil
}

func me(c *call) (answer, error) {
	me, err := c.server.commands.Me(c.ctx(), c.caller)
	if err != nil {
		return answer{}, err
	}
	return ok(meShape(c.caller, me))
}

type signInWire struct {
	Email    string         `json:"email"`
	Password secrets.Secret `json:"password"`
}

type codeWire struct {
	Code string `json:"code"`
}

type confirmWire struct {
	Password secrets.Secret `json:"password"`
	Code     string         `json:"code"`
}

type factorBody struct {
	MFA string `json:"mfa"`
}

// meBody is who the caller is, with what he was granted.
type meBody struct {
	ID      uuid.UUID     `json:"id"`
	Name    string        `json:"name"`
	Email   string        `json:"email"`
	MFA     bool          `json:"mfa"`
	Tenants []tenantBody  `json:"tenants"`
	Grants  []myGrantBody `json:"grants"`
	TokenID *uuid.UUID    `json:"token_id"`
	Scopes  []string      `json:"scopes"`
}

type tenantBody struct {
	Path       string     `json:"path"`
	CustomerID *uuid.UUID `json:"customer_id"`
}

type myGrantBody struct {
	ID   uuid.UUID `json:"id"`
	Role string    `json:"role"`
	Path string    `json:"path"`
}

func meShape(caller commands.Caller, m commands.Me) meBody {
	body := meBody{
		ID: m.Account, Name: m.Name, Email: m.Email, MFA: m.MFA, TokenID: caller.Token,
		Tenants: make([]tenantBody, len(m.Tenants)), Grants: make([]myGrantBody, len(m.Grants)),
	}
	for i, t := range m.Tenants {
		body.Tenants[i] = tenantBody{Path: t.Path, CustomerID: t.Customer}
	}
	for i, g := range m.Grants {
		body.Grants[i] = myGrantBody{ID: g.ID, Role: g.Role, Path: g.Path}
	}
	if caller.Scopes != nil {
		body.Scopes = scopeTexts(caller.Scopes)
	}
	return body
}
