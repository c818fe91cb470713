package api

import (
	"net/http"
	"strings"
	"time"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
)

// Auth finds who a request speaks for and keeps the cookies of signing in. The
// portal shares it with the API.
type Auth struct{ commands *commands.Commands }

// Names of the cookies over plain HTTP on loopback; over TLS each has the
// prefix __Host-, with which a browser takes it from this host over TLS alone.
const (
	CookieSession = "remit_session"
	// cookieFactor goes from the password to the second factor.
	cookieFactor = "remit_mfa"
	// cookieProvider goes to the identity provider and back.
	cookieProvider = "remit_provider"
	// cookieBrowser marks a browser that has signed in before. It proves nothing.
	cookieBrowser = "remit_browser"
)

const (
	factorLife   = 5 * time.Minute
	providerLife = 10 * time.Minute
	browserLife  = 365 * 24 * time.Hour
)

// Caller is who a request speaks for, by its session's cookie or by an API
// token in Authorization: Bearer, exactly one of the two. Returns
// [remit.CodeUnauthenticated].
func (a *Auth) Caller(r *http.Request) (commands.Caller, error) {
	session, hasSession, err := cookie(r, CookieSession)
	if err != nil {
		return commands.Caller{}, err
	}
	authorization := r.Header.Values("Authorization")
	switch {
	case len(authorization) == 0 && !hasSession:
		return commands.Caller{}, unauthenticated("Sign in, or send an API token.")
	case len(authorization) == 0:
		return a.commands.Session(r.Context(), session, From(r))
	case hasSession || len(authorization) > 1:
		return commands.Caller{}, unauthenticated("Send a session's cookie or an API token, and only one of them.")
	}
	scheme, token, found := strings.Cut(authorization[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return commands.Caller{}, unauthenticated("Send the API token as Authorization: Bearer <token>.")
	}
	return a.commands.Bearer(r.Context(), token, From(r))
}

// From is where a request comes from, for sign-ins and the audit trail.
func From(r *http.Request) commands.From {
	from := commands.From{Agent: r.UserAgent(), RequestID: httpsec.RequestID(r.Context())}
	if address := httpsec.ClientAddress(r.Context()); address.IsValid() {
		from.Address = address.String()
	}
	return from
}

// SessionToken is the token in the session's cookie, "" for none.
func (a *Auth) SessionToken(r *http.Request) string { return value(r, CookieSession) }

// FactorToken is what a sign-in left for its second factor, "" for nothing.
func (a *Auth) FactorToken(r *http.Request) string { return value(r, cookieFactor) }

// KnownBrowser is what an earlier sign-in left in this browser.
func (a *Auth) KnownBrowser(r *http.Request) string { return value(r, cookieBrowser) }

// ProviderSecret is what a browser on its way to the identity provider keeps,
// "" for nothing.
func (a *Auth) ProviderSecret(r *http.Request) string { return value(r, cookieProvider) }

// SendToProvider sets the cookie of a browser on its way there; the zero one
// takes it away.
func (a *Auth) SendToProvider(header http.Header, r *http.Request, there commands.AtProvider) {
	if there.Secret.IsZero() {
		setCookie(header, r, cookieProvider, "", -1)
		return
	}
	setCookie(header, r, cookieProvider, there.Secret.Reveal(), providerLife)
}

// Remember sets the cookies of a sign-in, however far it came, in the header of
// its answer.
func (a *Auth) Remember(header http.Header, r *http.Request, in commands.SignedIn) {
	now := a.commands.Now()
	if !in.MFA.IsZero() {
		setCookie(header, r, cookieFactor, in.MFA.Reveal(), factorLife)
	}
	if !in.Session.IsZero() {
		setCookie(header, r, CookieSession, in.Session.Reveal(), in.EndsAt.Sub(now))
		if value(r, cookieFactor) != "" {
			setCookie(header, r, cookieFactor, "", -1)
		}
	}
	if in.KnownBrowser != "" {
		setCookie(header, r, cookieBrowser, in.KnownBrowser, browserLife)
	}
}

// Forget takes the session's cookie away and tells the browser to drop what it
// keeps of our pages.
func (a *Auth) Forget(header http.Header, r *http.Request) {
	setCookie(header, r, CookieSession, "", -1)
	header.Set("Clear-Site-Data", `"cache", "storage"`)
}

// cookie reads one of our cookies. Two of a name, of which one may have been
// planted from a neighbouring host, are refused.
func cookie(r *http.Request, name string) (string, bool, error) {
	switch found := r.CookiesNamed(fullName(r, name)); len(found) {
	case 0:
		return "", false, nil
	case 1:
		return found[0].Value, found[0].Value != "", nil
	default:
		return "", false, unauthenticated("The cookie " + name + " is sent twice.")
	}
}

func value(r *http.Request, name string) string {
	text, _, err := cookie(r, name)
	if err != nil {
		return ""
	}
	return text
}

// setCookie writes a cookie, or with a negative life removes it.
func setCookie(header http.Header, r *http.Request, name, value string, life time.Duration) {
	seconds := int(life.Seconds())
	if life < 0 {
		seconds = -1
	}
	c := http.Cookie{ //nolint:gosec // Secure is off over plain HTTP alone, which is served on loopback
		Name: fullName(r, name), Value: value, Path: "/", MaxAge: seconds,
		Secure: httpsec.Secure(r.Context()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	header.Add("Set-Cookie", c.String())
}

func fullName(r *http.Request, name string) string {
	if httpsec.Secure(r.Context()) {
		return "__Host-" + name
	}
	return name
}

func unauthenticated(message string) error {
	return remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated, "%s", message)
}
