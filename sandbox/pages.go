package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

// The pages that Stripe hosts for people: plain forms that work without
// script. What they send: to a checkout or setup page email, card_number,
// card_expiry ("MM / YY"), card_cvc, name and, where offered, save=yes, beside
// the hidden attempt.

//go:embed pages
var pageFiles embed.FS

var pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

func init() {
	hosted("GET /_hosted/page.css", func(_ *Server, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		http.ServeFileFS(w, r, pageFiles, "pages/page.css")
	})
}

// pagePolicy lets a page load its style sheet and nothing else. A form may
// lead anywhere, because it ends with a redirect to the seller's address,
// which browsers hold to form-action too.
const pagePolicy = "default-src 'none'; style-src 'self'; form-action 'self' http: https:; frame-ancestors 'none'; base-uri 'none'"

// notice is a page that only says something.
type notice struct {
	Title, Words    string
	Link, LinkWords string
}

// page answers with a template. A failure while it is rendered is a bug, and
// answered 500 with nothing of the page.
func (s *Server) page(w http.ResponseWriter, status int, name string, data any) {
	var body bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&body, name, data); err != nil {
		s.logger.Error("sandbox: page failed", "page", name, "error", err)
		http.Error(w, "This page could not be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(body.Bytes())
}

// absentPage is the answer for an address nobody was given.
func (s *Server) absentPage(w http.ResponseWriter) {
	s.page(w, http.StatusNotFound, "notice", notice{
		Title: "Page not found", Words: "This address leads to nothing. Please use the link you were sent.",
	})
}
