package remit

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Store is an organisation's public page with its products, at /store/<slug>. It sells
// the products of that organisation alone, not of those below.
type Store struct {
	ID             uuid.UUID
	Tenant         uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string // path
	Slug           string
	Name           string // as buyers read it; "" is the organisation's
	Open           bool
	// Embedders are the origins of the sites that may show it in a frame.
	Embedders []string
	Version   int64 // of its settings; 0 where there is none yet
}

// MaxEmbedders is how many sites may show a store in a frame.
const MaxEmbedders = 20

// slug is what an address ends with: it is read aloud and typed.
var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Check gives the store as it is kept, or says which field is wrong. local allows
// embedders without TLS on this machine, as with the stand-in.
func (s Store) Check(local bool) (Store, error) {
	s.Slug = strings.TrimSpace(s.Slug)
	if len(s.Slug) < 3 || len(s.Slug) > 60 || !slug.MatchString(s.Slug) {
		return s, Invalid("slug", "Enter 3 to 60 small letters, digits and single hyphens, like garden-tools.")
	}
	if s.Name = strings.TrimSpace(s.Name); s.Name != "" {
		name, err := parseLabel("name", "A store's name", s.Name)
		if err != nil {
			return s, err
		}
		s.Name = name
	}
	if len(s.Embedders) > MaxEmbedders {
		return s, Invalid("embedders", "At most %d sites may show the store.", MaxEmbedders)
	}
	origins := []string{}
	for _, text := range s.Embedders {
		origin, ok := embedder(strings.TrimSpace(text), local)
		if !ok {
			return s, Invalid("embedders", "%s is not the address of a site, like https://www.example.com.", quoted(text))
		}
		if !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	s.Embedders = origins
	return s, nil
}

// embedder is the origin that a text names alone. What is taken becomes a part of a
// response header, so that nothing but letters, digits, dots and hyphens gets there.
func embedder(text string, local bool) (origin string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" || u.Path != "" && u.Path != "/" {
		return "", false
	}
	host := strings.ToLower(u.Host)
	name, port, withPort := strings.Cut(host, ":")
	switch {
	case name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "":
		return "", false
	case withPort && (port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != ""):
		return "", false
	case u.Scheme == "https":
	case u.Scheme == "http" && local && (name == "localhost" || name == "127.0.0.1"):
	default:
		return "", false
	}
	return u.Scheme + "://" + host, true
}
