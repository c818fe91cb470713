package sandbox

import "net/http"

// The owner's dashboard, as far as the stand-in has one: it says where acts are.
func init() {
	hosted("GET /_hosted/dashboard/{account}", func(s *Server, w http.ResponseWriter, _ *http.Request) {
		s.page(w, http.StatusOK, "notice", notice{
			Title: "Dashboard of the stand-in",
			Words: "No money moves here. What Stripe's dashboard is for (refunds, disputes, tax documents) is done by requests to /_sandbox, with the account's key.",
		})
	})
}
