package sandbox

import (
	"net/http"
	"time"
)

// linkLife is how long an account link can be followed.
const linkLife = 300 * time.Second

// accountLink leads an account's owner to the hosted form, once
// (docs.stripe.com/api/account_links).
type accountLink struct {
	ID         string `json:"id"`
	Created    int64  `json:"created"`
	ExpiresAt  int64  `json:"expires_at"`
	RefreshURL string `json:"refresh_url"`
	ReturnURL  string `json:"return_url"`
	Used       bool   `json:"used,omitempty"`
}

var accountLinks = register(&kind{name: "_account_link", global: true, fresh: func() object { return &accountLink{} }})

func (*accountLink) kind() *kind        { return accountLinks }
func (l *accountLink) key() string      { return l.ID }
func (l *accountLink) born() int64      { return l.Created }
func (*accountLink) listedBy() []string { return nil }
func (*accountLink) hidden() any        { return nil }

// linkAnswer is the API's object.
type linkAnswer struct {
	Object    string `json:"object"`
	Created   int64  `json:"created"`
	ExpiresAt int64  `json:"expires_at,omitempty"`
	URL       string `json:"url"`
}

func init() {
	aboutAccount("account", "POST", "/v1/account_links", createAccountLink)
	hosted("GET /_hosted/setup/{link}", followAccountLink)
}

func createAccountLink(c *call) (any, error) {
	c.p.require("account")
	kind := c.p.require("type")
	refresh, back := c.p.require("refresh_url"), c.p.require("return_url")
	readLinkURL(c.p, "refresh_url", refresh)
	readLinkURL(c.p, "return_url", back)
	c.p.enum("collect", "currently_due", "eventually_due")
	if options := c.p.hash("collection_options"); options != nil {
		options.enum("fields", "currently_due", "eventually_due")
		options.enum("future_requirements", "include", "omit")
	}
	if kind != "account_onboarding" && kind != "account_update" && c.p.errs.first == nil {
		c.p.fail("", "type", "Invalid type: must be one of account_onboarding or account_update")
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	a := must[account](c.tx, c.world.id)
	switch {
	case c.platform == "":
		return nil, notYours(a)
	case kind == "account_update" && a.dashboard() != "none":
		return nil, refuse("", "type", "You cannot create `account_update` type Account Links for this account: its owner has access to a Stripe-hosted dashboard. Create an Account Link of type `account_onboarding` instead.")
	}
	l := &accountLink{
		ID: "link" + random(24), Created: c.seconds(), ExpiresAt: c.at.Add(linkLife).Unix(), RefreshURL: refresh, ReturnURL: back,
	}
	c.put(l)
	return &linkAnswer{"account_link", l.Created, l.ExpiresAt, c.server.pageURL("/_hosted/setup/" + l.ID)}, nil
}

func readLinkURL(p *params, field, text string) {
	if text != "" && !isWebAddress(text) {
		p.fail("url_invalid", field, "Not a valid URL")
	}
}

// followAccountLink opens the form, or leads who comes too late or twice to
// where the platform makes another link.
func followAccountLink(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onPage(w, r, r.PathValue("link"), func(t *tx) (reply, error) {
		l, ok := get[accountLink](t, r.PathValue("link"))
		if !ok {
			return reply{}, errGone
		}
		if l.Used || t.seconds() >= l.ExpiresAt || must[account](t, t.world.id).Kept.Deleted {
			return reply{to: l.RefreshURL}, nil
		}
		l.Used = true
		t.put(l)
		return reply{to: t.openForm(l.ReturnURL).page("")}, nil
	})
}
