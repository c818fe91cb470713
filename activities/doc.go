// Package activities is the steps with side effects that the workflows order.
//
// It owns the attempt protocol: how an invoice is charged, or a hosted checkout
// minted, so that any step may be repeated, any answer lost and any process
// killed without a cent moving twice. It does not own when a step is taken
// (workflows) nor what is allowed (the domain and policies).
//
// Invariants: a row comes before each call to Stripe and its id is stored before
// the next one; a confirm is sent only after a last look that was committed;
// what Stripe says is recorded in one transaction with the ledger, the work
// item and the timeline; no transaction is open while Stripe is called.
package activities
