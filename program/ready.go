package program

import (
	"net/http"

	"remit/api/httpsec"
)

// unready answers that Remit is not ready for as long as preparing says what is
// still being done; other requests are served meanwhile.
func unready(preparing func() string, guards httpsec.Config, next http.Handler) (http.Handler, error) {
	if preparing == nil {
		return next, nil
	}
	refuse, err := guards.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpsec.WriteProblem(w, r, http.StatusServiceUnavailable, "unavailable", "Not ready to serve: "+preparing()+".")
	}))
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" && preparing() != "" {
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}
