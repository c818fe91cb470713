// Package storybook draws every page of the portal in every state with made-up
// data, for people to look at and for tests to go through.
//
// Invariant: nothing here is real. Names, ids, amounts and keys are invented,
// and no page does anything when a form is sent.
package storybook

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"remit/portal/page"
	"remit/portal/static"
)

// Stories are the pages by name: whom the page is for, the screen and its
// state, as in "payer/U3 pay form/amount too high". The theme is light, dark, or
// "" for the system's.
func Stories(theme string) map[string]templ.Component {
	b := book{theme}
	all := map[string]templ.Component{}
	for _, chapter := range b.chapters() {
		maps.Copy(all, chapter)
	}
	return all
}

// Names lists the stories in order.
func Names() []string { return slices.Sorted(maps.Keys(Stories(""))) }

// ForPayers reports whether a story is read by who pays, for whom stricter
// rules of wording hold.
func ForPayers(name string) bool {
	return strings.HasPrefix(name, "payer/") || strings.HasPrefix(name, "public/")
}

// Handler serves an index, the stories below /story/ and the portal's files.
// The query theme=dark or theme=light sets the look.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(static.Prefix, static.Handler())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		_ = page.StoriesPage(page.Stories{Shell: page.Shell{Title: "Storybook", Path: "/"}, Names: Names()}).Render(r.Context(), w)
	})
	mux.HandleFunc("GET /story/{name...}", func(w http.ResponseWriter, r *http.Request) {
		story, found := Stories(r.URL.Query().Get("theme"))[r.PathValue("name")]
		if !found {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = story.Render(r.Context(), w)
	})
	return headers(stillPolls(mux))
}

// stillPolls answers a page that asks for news: there is none.
func stillPolls(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Hx-Request") == "true" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// headers are those that matter to how a page behaves.
func headers(next http.Handler) http.Handler {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
