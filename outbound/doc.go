// Package outbound makes the requests whose address somebody else chose:
// webhook endpoints and OpenID Connect issuers. It keeps them on the public
// internet, so that nobody can use Remit to reach what only Remit can reach.
//
// It does not own Stripe's, SMTP's, PostgreSQL's or Temporal's connections,
// whose addresses the operator sets, nor retries and signatures.
//
// Invariants: the address is checked at the moment of connecting, after the
// name was resolved, so a name that changes its answer gains nothing; anything
// but globally routed unicast is refused, however it is written; only https on
// port 443 unless configured; no proxy, no redirects, no compressed answers;
// what the other side answers to a delivery is never read.
package outbound
