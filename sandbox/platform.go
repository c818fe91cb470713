package sandbox

import (
	"net/http"
	"net/url"
	"slices"
)

// platform is an account as an OAuth application: where people may be sent back
// to.
type platform struct {
	RedirectURIs []string `json:"redirect_uris"`
}

var platforms = register(&kind{name: "_platform", fresh: func() object { return &platform{} }})

func (*platform) kind() *kind        { return platforms }
func (*platform) key() string        { return "platform" }
func (*platform) born() int64        { return 0 }
func (*platform) listedBy() []string { return nil }
func (*platform) hidden() any        { return nil }

// application is a platform as its connected accounts see it
// (docs.stripe.com/api, expanded where another object has one).
type application struct {
	ID     string  `json:"id"`
	Object string  `json:"object"`
	Name   *string `json:"name"`
}

var applications = &kind{name: "application"}

func (*application) kind() *kind        { return applications }
func (a *application) key() string      { return a.ID }
func (*application) born() int64        { return 0 }
func (*application) listedBy() []string { return nil }
func (*application) hidden() any        { return nil }

// applicationOf is the application that a platform is.
func (s *Server) applicationOf(platform string) *application {
	out := &application{ID: clientID(platform), Object: "application"}
	if a := s.directory.account(platform); a != nil {
		out.Name = a.BusinessProfile.Name
	}
	return out
}

type platformAnswer struct {
	ClientID     string   `json:"client_id"`
	RedirectURIs []string `json:"redirect_uris"`
}

func (t *tx) showPlatform() platformAnswer {
	p, ok := get[platform](t, "platform")
	if !ok {
		p = &platform{RedirectURIs: []string{}}
	}
	return platformAnswer{clientID(t.world.id), p.RedirectURIs}
}

// changePlatform registers the addresses that OAuth may lead back to, in place
// of those that were registered.
func (t *tx) changePlatform(r *http.Request) (any, *apiError) {
	var wish platform
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	if wish.RedirectURIs == nil {
		wish.RedirectURIs = []string{}
	}
	for _, address := range wish.RedirectURIs {
		if u, err := url.Parse(address); err != nil || !isWebAddress(address) || u.Fragment != "" {
			return nil, invalidParam("", "redirect_uris", "redirect_uris holds addresses with scheme and host and without a fragment.")
		}
	}
	t.put(&wish)
	return t.showPlatform(), nil
}

// mayReturnTo chooses where OAuth leads back to: the registered address that is
// named, or the first one where none is.
func (p platformAnswer) mayReturnTo(address string) (string, bool) {
	if address == "" && len(p.RedirectURIs) > 0 {
		return p.RedirectURIs[0], true
	}
	return address, slices.Contains(p.RedirectURIs, address)
}
