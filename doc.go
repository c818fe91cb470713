// Package remit is the domain: what an invoice, a payment, a work item and
// their neighbours are, and every decision about them that can be made from
// values alone.
//
// It owns the words (states, error codes, workflow and message names) and the
// pure rules (what may be paid, what an invoice owes, who comes next). It does
// not own storage, Temporal, HTTP or Stripe, and imports none of them.
//
// Invariants: amounts are int64 minor units beside an ISO 4217 currency; a
// state only climbs (see [AttemptState]); nothing here reads the clock, the
// environment or a random source.
package remit
