// Package sandbox is a stateful stand-in for Stripe: a server that the
// unmodified stripe-go v79 talks to by another base URL, so that a demo and a
// test need no account and no network.
//
// It owns what it answers: accounts, customers, payment methods, intents,
// charges, refunds, balances, events and their delivery. It does not own what
// Remit thinks of them: it imports nothing of Remit, and nothing but commands
// and tests imports it.
//
// Invariants: a request sees and makes one change of its account at a time; a
// change, its events and the record of its idempotency key are one line of the
// journal, on disk before the answer leaves; reopening the journal gives the
// same answers; no card number, bank number or API key is ever written; what
// is not known here is refused the way Stripe refuses it, never answered with
// a made-up success. The API version is [APIVersion].
//
// # Accounts and clocks
//
// Each key sk_test_… or rk_test_… opens an account of its own, always the same
// one for the same key. Each account has a clock, an offset to real time that
// runs on; created, expiries and the 24 hours of idempotency keys follow it.
// Webhook signatures carry real time.
//
// # Controls
//
// Under /_sandbox, with the account's key as Basic user or Bearer, JSON bodies:
//
//	GET    /clock                 the account and its time
//	POST   /clock                 {"advance_days": n}, {"advance_seconds": n} or {"to": RFC 3339};
//	                              what falls due on the way happens, in order, before the answer
//	GET    /books                 what is true here: charges, refunds, disputes, payment_intents,
//	                              balance_transactions, deliveries, request counts …; one kind in
//	                              pages by ?kind=charges&limit=n&after=id (also kind=events)
//	POST   /keys                  {"alias": "sk_test_new"} opens this account with another key,
//	                              {"revoke": "sk_test_old"} ends one
//	GET    /settings, POST        {"webhook_retry_ms": [1000, 5000], "webhook_timeout_ms": n, "settle_ms": n};
//	                              a charge has its balance transaction settle_ms later, by default at once
//	POST   /events/{id}/resend    deliver an event once more
//	GET    /faults, POST, DELETE  faults on demand, below
//
// # Faults
//
// POST /_sandbox/faults takes {"rules": [rule …], "webhooks": {…}} and replaces
// what was in force; they live in memory and end with the process. A rule is
//
//	{"match": {"method": "POST", "path": "/v1/payment_intents", "nth": [2, 3],
//	           "probability": 0.1, "seed": 7, "times": 5},
//	 "effect": "drop_after"}
//
// path is a prefix, or a glob in which * stands for one segment. Of the
// matching requests, counted from 1, a rule strikes those in nth, or each with
// the probability, or every one; times limits how often. The same seed and
// order of requests give the same faults. The effects:
//
//	delay         ms: wait, with the idempotency key in use
//	error_before  status (5xx): answered without any effect
//	error_after   status (5xx): the effect happens, the answer is lost. stored: true
//	              keeps the error under the request's key, so that a repeat replays it;
//	              otherwise a repeat gets the true answer
//	drop_before   the connection is closed, nothing happened
//	drop_after    the connection is closed, the effect happened
//	rate_limit    429 rate_limit
//	lock_timeout  429 lock_timeout
//	decline       code, decline_code, advice_code: charges that would succeed fail; with
//	              payment_method only those of that one. nth, times and probability count charges
//	decline_mix   percent of charges fail, by codes {"insufficient_funds": 3, "lost_card": 1}
//	              as weights and seed
//
// Delays add up; of the other effects on one request the first rule's counts.
//
// webhooks is {"drop": p, "double": p, "reorder": true, "delay_ms": n, "seed": n}:
// deliveries are lost for good or made twice with a probability, delayed, and
// shuffled within delay_ms, a second at least.
//
// # Hosted pages
//
// A checkout session's url leads to a form that works without script and posts
// to itself: the hidden attempt as it was shown, email, card_number,
// card_expiry ("MM / YY"), card_cvc, name and, where the session offers it,
// save=yes. It answers 303 to success_url or to the bank's page (which posts
// outcome=complete or outcome=fail), 402 with the form after a decline, 422
// after a wrong field, and a notice once the session is over. The same attempt
// sent again is not another one.
//
// # Adding a resource
//
// A resource is a file of its own; charge.go is a plain example, paymentintent.go
// one with state. It has a struct whose JSON form is exactly the API object, with
// every property of Stripe's schema present (pointers for nullable ones) and,
// under json:"-", a Kept struct for what must be remembered but never answered.
// It implements object, is made known by register (which gives expand its
// fields and the store its prefix) and adds its methods in init by endpoint.
// A handler reads all its parameters from c.p, calls c.p.done (unknown and wrong
// parameters are refused there), reads objects with get, referred or named,
// changes those copies, and then calls put and emit. What it put is committed
// with its answer, unless it answers an *apiError without commits. Effects of
// time go through schedule and runners; pages for people through hosted and
// [Server].visit. Charging and saving a card from elsewhere: newPaymentIntent,
// charge, newSetupIntent, completeSetup.
package sandbox
