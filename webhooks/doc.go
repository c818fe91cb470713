// Package webhooks brings events to the endpoints that want them: it numbers
// them, signs them by the Standard Webhooks scheme, sends them, and tries again.
//
// It does not own which events there are (package remit), that they are written
// with what they tell of (package postgres), or where may be connected to
// (package outbound).
//
// Invariants: an event is sent at least once, each time with the same id and
// body; no transaction is open while something is sent; a process that dies over
// a delivery leaves it to whoever comes next; an endpoint that answers slowly or
// never holds up no other; what a receiver answers is never read.
package webhooks
