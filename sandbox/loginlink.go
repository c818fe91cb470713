package sandbox

import (
	"net/http"
	"time"
)

// loginLink opens an Express account's dashboard, once
// (docs.stripe.com/api/accounts/login_link). After that it is the visit that the
// page is known by.
type loginLink struct {
	ID      string `json:"id"`
	Created int64  `json:"created"`
	Used    bool   `json:"used,omitempty"`
	Visit   bool   `json:"visit,omitempty"`
}

var loginLinks = register(&kind{name: "_login_link", global: true, fresh: func() object { return &loginLink{} }})

func (*loginLink) kind() *kind        { return loginLinks }
func (l *loginLink) key() string      { return l.ID }
func (l *loginLink) born() int64      { return l.Created }
func (*loginLink) listedBy() []string { return nil }
func (*loginLink) hidden() any        { return nil }

// visitLife is how long a visit of the dashboard may last.
const visitLife = 12 * time.Hour

func init() {
	aboutAccount("account", "POST", "/v1/accounts/{account}/login_links", createLoginLink)
	hosted("GET /express/{link}", followLoginLink)
	hosted("GET /_hosted/express/{visit}", showExpress)
}

func createLoginLink(c *call) (any, error) {
	if err := c.p.done(); err != nil {
		return nil, err
	}
	a := must[account](c.tx, c.world.id)
	switch {
	case c.platform == "" || a.dashboard() != "express":
		return nil, refuse("", "account", "Cannot create a login link for an account that does not have access to the Express Dashboard: %s", a.ID)
	case !a.DetailsSubmitted:
		return nil, refuse("", "account", "Cannot create a login link for an account that has not completed onboarding.")
	}
	l := &loginLink{ID: "login" + random(24), Created: c.seconds()}
	c.put(l)
	return &linkAnswer{Object: "login_link", Created: l.Created, URL: c.server.pageURL("/express/" + l.ID)}, nil
}

func followLoginLink(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onPage(w, r, r.PathValue("link"), func(t *tx) (reply, error) {
		l, ok := get[loginLink](t, r.PathValue("link"))
		if !ok || l.Visit {
			return reply{}, errGone
		}
		if l.Used {
			return reply{status: http.StatusGone, template: "notice", view: notice{
				Title: "This link has been used", Words: "A link to the Express Dashboard opens it once. Please ask for another one where you found it.",
			}}, nil
		}
		l.Used = true
		t.put(l)
		visit := &loginLink{ID: "express" + random(24), Created: t.seconds(), Visit: true}
		t.put(visit)
		return reply{to: "/_hosted/express/" + visit.ID}, nil
	})
}

func showExpress(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onPage(w, r, r.PathValue("visit"), func(t *tx) (reply, error) {
		l, ok := get[loginLink](t, r.PathValue("visit"))
		if !ok || !l.Visit || t.at.After(time.Unix(l.Created, 0).Add(visitLife)) {
			return reply{}, errGone
		}
		return reply{status: http.StatusOK, template: "account", view: t.accountView("Express Dashboard")}, nil
	})
}
