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
// same answers; no card number, account number or API key is ever written; what
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
//	                              what falls due on the way happens, in order, before the answer;
//	                              {"start": RFC 3339} gives an account in which nothing has happened
//	                              yet any time to start at
//	GET    /books                 what is true here: charges, refunds, disputes, payment_intents,
//	                              balance_transactions, deliveries, request counts …; one kind in
//	                              pages by ?kind=charges&limit=n&after=id (also kind=events)
//	POST   /account               {"business_name": "Harbour Ltd"} names the seller on hosted pages;
//	                              {"country": "CA"}; {"us_bank_account_ach_payments": "inactive"},
//	                              or pending, active: whether the account may debit banks
//	GET    /platform, POST        {"redirect_uris": ["https://…"]}: where OAuth may lead back to; the answer
//	                              has the account's client_id too
//	POST   /accounts/{id}         what /account does, for a connected account with its platform's key; every
//	                              other control is there for it too, as /accounts/{id}/clock
//	POST   /keys                  {"alias": "sk_test_new"} opens this account with another key,
//	                              {"revoke": "sk_test_old"} ends one
//	GET    /settings, POST        {"webhook_retry_ms": [1000, 5000], "webhook_timeout_ms": n, "settle_ms": n,
//	                              "microdeposits": "amounts", "rate_limit": n}; a card's charge has its balance
//	                              transaction settle_ms later, by default at once; bank accounts are
//	                              verified by two amounts, or by default by a descriptor_code; beyond
//	                              rate_limit requests a second of real time (0, the default: no limit)
//	                              the answer is 429 rate_limit, which requests.limited of the books counts
//	                              {"distinct_cards": true}: each card that is saved has a fingerprint of
//	                              its own, though the same test number was typed for another
//	                              {"declines": {"percent": 20, "seed": 7}}: so many of the cards that would
//	                              pay are declined, by a mixture of codes and advice that follows from the
//	                              seed, the intent and the number of the try; a card that was lost, stolen
//	                              or expired stays so until it is renewed. null ends it but for those
//	POST   /events/{id}/resend    deliver an event once more
//	GET    /faults, POST, DELETE  faults on demand, below
//
// # Connect
//
// Any account is a platform too. The accounts it makes by POST /v1/accounts begin
// with its clock and its settings and owe everything; the hosted form that an
// account link opens sets them up, and can be left and taken up again. Stripe then
// looks for verification_ms, a setting, 30 seconds by default and 0 for at once.
// Identity numbers 000000000 and 0000 are verified, 111111111 and 1111 are not.
//
// POST /account and POST /accounts/{id} take besides, for what Stripe and owners do
//
//	{"restrict": {"fields": ["individual.verification.document"], "deadline": RFC 3339 or days,
//	              "charges": true, "payouts": true}}
//	                        wants to know more; past the deadline, at once without one, both or one are disabled
//	{"clear": true}         ends restrictions, rejections and what was switched off
//	{"reject": "fraud"}     or other, terms_of_service, listed, incomplete_verification
//	{"verification": "instant"}, or pending, fail: what comes of verification, now and later
//	{"charges_enabled": false}, {"payouts_enabled": false}
//	{"deauthorize": true}   the owner takes every platform's access back; or one platform's, by its id
//
// A Standard account is connected by OAuth: /oauth/authorize lets a person choose
// one of the accounts that keys have opened, or a new one; /oauth/token and
// /oauth/deauthorize are under the same base URL, as stripe-go wants it. An access
// token opens the account like a key of its own. Events of connected accounts go to
// the platform's endpoints made with connect=true, by the connected account's clock,
// settings and faults; they are read by GET /v1/events with Stripe-Account.
//
// Direct charges are requests with Stripe-Account: their objects are the connected
// account's alone, and application_fee_amount goes to the platform, where it is an
// ApplicationFee. What one account causes in another is done before the answer
// leaves. An account with charges_enabled false takes no payment, one with
// payouts_enabled false is not paid out until it is true again. Debits of banks
// need the capability on the platform too. kind=receipts of the books are the
// receipts that Stripe would have mailed, where there is a receipt_email.
//
// A login link leads to /express/…, once. The owner of a Standard account has a
// page at /_hosted/dashboard/{account}: he refunds there, finishes his form, and
// takes a platform's access back.
//
// # In the dashboard
//
// What people do in Stripe's dashboard, and what banks do, is done by POST
// under /_sandbox too. The answer is the object as the API has it; what the API
// would refuse is refused. Whatever is left out has a default.
//
//	/charges                {"amount": n, "currency", "customer", "description", "metadata", "payment_method"}:
//	                        a charge that nobody's integration made
//	/charges/{id}/refund    {"amount": n, "reason", "metadata"}; by default all that is left
//	/charges/{id}/dispute   {"amount": n, "reason", "inquiry": true}
//	/charges/{id}/settle    a bank debit that is under way ends now, as it would
//	/charges/{id}/return    {"reason": "insufficient_funds"}: a bank debit comes back after its success, or for
//	                        incorrect_account_details, bank_cannot_process, debit_not_authorized
//	/payment_intents/{id}/invoice  {"invoice": "in_…"}: an intent of one of Stripe's own invoices, which it retries
//	/mandates/{id}/end      the payer takes back his permission to debit
//	/payment_methods/{id}/update  {"exp_month": n, "exp_year": n, "last4"}: the card networks renew a saved card
//	/payment_methods/{id}/detach  a saved method is taken away
//	/disputes/{id}/close    {"outcome": "won"} or "lost"; an inquiry is closed either way
//	/disputes/{id}/escalate an inquiry becomes a chargeback
//	/refunds/{id}           {"status": "failed", "failure_reason"}, or pending, requires_action, succeeded, canceled
//	/balance                {"amount": n, "currency"}: tops the balance up, or drains it below zero
//	/payout_schedule        {"interval": "manual", "delay_days": n, "weekly_anchor", "monthly_anchor",
//	                        "debit_negative_balances": false}
//	/bank_account           {"account_number": "000111111116"}: one of Stripe's test numbers for payouts
//	/payouts/{id}/fail      {"code": "account_closed"}: a payout comes back, even one that was paid
//
// # Money
//
// A charge's money is pending for the schedule's delay_days, two by default,
// and then available. An account begins with a test bank and daily payouts: at
// midnight (UTC) what is available goes there and arrives a day later; what the
// balance is short of is taken from there. A refund is paid by its charge's
// pending money, else by the available balance, which may go below zero: then
// the refund is pending until the balance covers it. A chargeback takes the
// amount and 15.00 at once; won, the amount comes back. Test cards' disputes
// and refunds go on after a minute of the account's clock.
//
// # Bank debits
//
// A bank account (us_bank_account) is one of Stripe's test accounts, by number or
// by pm_usBankAccount_…; another number is refused. It has to be verified: by
// micro-deposits, by SM11AA or 32 and 45, or by a sign-in on a checkout page,
// which leaves financial_connections_account null. Deposits arrive on the business
// day after they were sent and can be verified before; ten days later it is too
// late. A set-up makes a mandate, of which a debit needs one that stands; a
// mandate for one payment is used up by it.
//
// A debit goes out on the business day it is made, by 21:00 in New York, until
// when it can be canceled, and otherwise on the next. It has succeeded at the
// beginning of the fourth business day after, and its money is available then;
// it fails at that of the second, an unauthorised one of the third. Business
// days are those of the Federal Reserve. Faster settlement is taken and means
// nothing. A failure for which banks return R02 or worse blocks the payment
// method for good; the other methods with the same number are not blocked.
//
// A debit that comes back after its success (account 000555555559's by itself,
// after three business days) is a dispute that is lost at once, costs 4.00 or,
// unauthorised, 15.00, and ends the mandate; the second one blocks the method.
// The time that a payer has for it, 60 days or a company's two, is not held to.
// A refund of a debit takes three business days, within 180 days of the charge,
// and fails where the available balance does not cover it.
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
//	              payment_method only those of that one. nth, times and probability count charges.
//	              A bank debit is judged when it is made and fails days later
//	decline_mix   percent of charges fail, by codes {"insufficient_funds": 3, "lost_card": 1}
//	              as weights and seed
//
// Delays add up; of the other effects on one request the first rule's counts.
//
// webhooks is {"drop": p, "double": p, "reorder": true, "delay_ms": n, "seed": n}:
// deliveries are lost for good or made twice with a probability, delayed, and
// shuffled within delay_ms, a second at least. GET /_sandbox/faults says how
// often each rule was asked and struck, and how many deliveries were dropped,
// doubled or late.
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
// Where a session takes bank accounts, the page has two more forms, which send
// method: bank_sign_in with account (success, insufficient_funds … as the page
// offers them), which verifies at once, or bank_account with routing_number,
// account_number and account_type, where the session does not want accounts
// verified instantly; both with email, name and account_holder_type. The session
// is complete then, and unpaid until the bank has answered. The address
// hosted_verification_url shows what the account's statement says and takes
// descriptor_code, or amount_1 and amount_2.
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
// time go through schedule and runners, what is done by hand through dashboard; pages for people through hosted and
// [Server].visit. Charging and saving a card from elsewhere: newPaymentIntent,
// charge, newSetupIntent, completeSetup.
package sandbox
