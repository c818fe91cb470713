package remit

// Actor is who or what caused something, as a timeline or an audit entry
// remembers it.
type Actor struct {
	Kind string `json:"kind"` // user, customer, link, token, system, stripe
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// System is Remit itself: a timer, a poll, a rebuild.
var System = Actor{Kind: "system", Name: "Remit"}

// Stripe is news that came from Stripe.
var Stripe = Actor{Kind: "stripe", Name: "Stripe"}
