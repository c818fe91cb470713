package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

func init() {
	hosted("GET /oauth/authorize", showAuthorize)
	hosted("POST /oauth/authorize", submitAuthorize)
}

// grantRequest is what a platform asks a person to allow
// (docs.stripe.com/connect/oauth-reference).
type grantRequest struct {
	platform, client    string
	redirect, state     string
	scope, landing      string
	query               string // as it came, for the form to post to
	platformName        string
	problem, problemWhy string // shown on the page, never redirected
}

// readGrant reads the address's parameters. Whose client or address to return to
// is not known is told on the page alone: a redirect would lead people wherever
// an attacker likes.
func (s *Server) readGrant(r *http.Request) grantRequest {
	q := r.URL.Query()
	g := grantRequest{
		client: q.Get("client_id"), state: q.Get("state"), scope: q.Get("scope"), landing: q.Get("stripe_landing"), query: r.URL.RawQuery,
	}
	var known bool
	if g.platform, known = s.directory.client(g.client); !known {
		g.problem, g.problemWhy = "invalid_client", "No application matches the supplied client identifier."
		return g
	}
	own, _ := s.known(g.platform)
	var allowed platformAnswer
	own.look(func(t *tx) { allowed, g.platformName = t.showPlatform(), t.sellerName() })
	if g.redirect, known = allowed.mayReturnTo(q.Get("redirect_uri")); !known {
		g.problem, g.problemWhy = "invalid_redirect_uri", "Invalid redirect URI '"+q.Get("redirect_uri")+"'. Ensure this URI exactly matches one of the redirect URIs specified in your application settings."
		return g
	}
	switch {
	case q.Get("response_type") != "code":
		g.problem, g.problemWhy = "unsupported_response_type", "Only 'code' is supported as response_type."
	case g.scope != "" && g.scope != "read_write" && g.scope != "read_only":
		g.problem, g.problemWhy = "invalid_scope", "The scope must be read_write or read_only."
	}
	if g.scope == "" {
		g.scope = "read_only"
	}
	return g
}

// back is the platform's address with what came of the request.
func (g grantRequest) back(with url.Values) string {
	u, err := url.Parse(g.redirect)
	if err != nil {
		return g.redirect // was registered, and thus parsed before
	}
	q := u.Query()
	for name := range with {
		q.Set(name, with.Get(name))
	}
	if g.state != "" {
		q.Set("state", g.state)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// look reads the account without changing it.
func (w *world) look(at func(t *tx)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at(w.begin())
}

type authorizeView struct {
	Title, Platform, Action string
	Accounts                []fieldOption
	First                   string // which choice is made at first
	Problem                 string
}

// The choices of the page beside the accounts there are.
const (
	newReady      = "new_ready"
	newUnfinished = "new_unfinished"
)

// maxOffered is how many accounts the page offers.
const maxOffered = 50

func showAuthorize(s *Server, w http.ResponseWriter, r *http.Request) {
	g := s.readGrant(r)
	if g.problem != "" {
		s.page(w, http.StatusBadRequest, "notice", notice{Title: "This application cannot be connected", Words: g.problemWhy + " (" + g.problem + ")"})
		return
	}
	view := authorizeView{Title: "Connect with " + g.platformName, Platform: g.platformName, Action: "/oauth/authorize?" + g.query}
	own := s.directory.choose(func(a *account) bool { return a.connectableTo(g.platform) })
	for _, a := range own[max(0, len(own)-maxOffered):] {
		name := deref(a.BusinessProfile.Name)
		if name == "" {
			name = "Account without a name"
		}
		view.Accounts = append(view.Accounts, fieldOption{a.ID, name + " (" + a.ID + ")"})
	}
	view.First = newReady
	if len(view.Accounts) > 0 && g.landing != "register" {
		view.First = view.Accounts[0].Value
	}
	s.page(w, http.StatusOK, "authorize", view)
}

// connectableTo says whether the owner of the account can let the platform act
// for it: a standard account that no other platform controls.
func (a *account) connectableTo(platform string) bool {
	return a.ID != platform && !a.Kept.Deleted && a.Kept.Controller == "" && a.Type == "standard"
}

// submitAuthorize leads back to the platform with a code, or with the word that
// the person did not want to.
func submitAuthorize(s *Server, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
	g := s.readGrant(r)
	if err := r.ParseForm(); err != nil || g.problem != "" {
		s.page(w, http.StatusBadRequest, "notice", notice{Title: "This application cannot be connected", Words: g.problemWhy})
		return
	}
	if r.PostForm.Get("then") != "connect" {
		s.answerPage(w, r, reply{to: g.back(url.Values{
			"error": {"access_denied"}, "error_description": {"The user denied your request"},
		})}, nil)
		return
	}
	chosen := r.PostForm.Get("account")
	if chosen == newReady || chosen == newUnfinished {
		opened, err := s.openStandard(g.platform, strings.TrimSpace(r.PostForm.Get("name")), chosen == newReady)
		if err != nil {
			s.answerPage(w, r, reply{}, err)
			return
		}
		chosen = opened
	}
	own, ok := s.known(chosen)
	if a := s.directory.account(chosen); !ok || a == nil || !a.connectableTo(g.platform) {
		s.answerPage(w, r, reply{}, errGone)
		return
	}
	var code string
	err := own.change(func(t *tx) error {
		code = t.grant(g)
		return nil
	})
	s.answerPage(w, r, reply{to: g.back(url.Values{"scope": {g.scope}, "code": {code}})}, err)
}

// openStandard makes an account that its owner controls. Its clock goes as the
// platform's does.
func (s *Server) openStandard(platform, name string, ready bool) (id string, err error) {
	own, _ := s.known(platform)
	err = own.change(func(t *tx) error {
		id = "acct_1" + random(15)
		a := t.blankAccount(id)
		a.Kept.Setup = &accountSetup{}
		if name != "" {
			name = name[:min(len(name), 100)]
			a.BusinessProfile.Name, a.Settings.Dashboard.DisplayName = &name, &name
		}
		email := "owner@" + id[len("acct_"):] + ".example"
		a.Email = &email
		a.request(t, "card_payments", "transfers", achCapability)
		if ready {
			a.Kept.Setup.Submitted, a.Kept.Setup.Verification = true, isVerified
			descriptor := statementWords(name)
			a.Settings.Payments.Descriptor, a.Settings.CardPayments.Prefix = &descriptor, &descriptor
		}
		a.judge(t.seconds())
		t.openElsewhere(a)
		return nil
	})
	return id, err
}
