package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Micro-deposits prove that the payer can read his bank's statement: one cent
// with a code, or two amounts
// (docs.stripe.com/payments/ach-direct-debit/set-up-payment#test-micro-deposits).

// The kinds of deposit, and how often each may be guessed at.
const (
	byCode    = "descriptor_code"
	byAmounts = "amounts"
)

var depositTries = map[string]int{byCode: 10, byAmounts: 3}

// depositLife is how long the payer has to say what he found.
const depositLife = 10 * 24 * time.Hour

// microdeposit is a verification under way, which an intent waits for.
type microdeposit struct {
	ID      string `json:"id"`
	Created int64  `json:"created"`
	Intent  string `json:"intent"` // pi_… or seti_…
	Kind    string `json:"kind"`
	Arrives int64  `json:"arrives"`
	Tries   int    `json:"tries"` // so far, all of them wrong
	// Refused is what was wrong with what the page sent last.
	Refused string `json:"refused,omitempty"`
	// Outcome is how it ended: depositsVerified, or a key of depositErrors.
	Outcome string `json:"outcome,omitempty"`
}

const depositsVerified = "verified"

var microdeposits = register(&kind{name: "_microdeposit", global: true, fresh: func() object { return &microdeposit{} }})

func (*microdeposit) kind() *kind          { return microdeposits }
func (d *microdeposit) key() string        { return d.ID }
func (d *microdeposit) born() int64        { return d.Created }
func (d *microdeposit) listedBy() []string { return nil }
func (d *microdeposit) hidden() any        { return nil }

func init() {
	runners["microdeposit.lapse"] = func(t *tx, id string) { t.endDeposits(id, "timeout") }
	runners["microdeposit.bounce"] = func(t *tx, id string) { t.endDeposits(id, "failed") }
	endpoint("POST", "/v1/setup_intents/{intent}/verify_microdeposits", verifySetup)
	endpoint("POST", "/v1/payment_intents/{intent}/verify_microdeposits", verifyPayment)
}

// verifyAction is next_action while the deposits are on their way.
type verifyAction struct {
	ArrivalDate           int64  `json:"arrival_date"`
	HostedVerificationURL string `json:"hosted_verification_url"`
	MicrodepositType      string `json:"microdeposit_type"`
}

// sendDeposits begins the verification of an account for an intent. They arrive
// on the business day after the one on which they are sent.
func (t *tx) sendDeposits(intent string, m *paymentMethod) (page string, next *nextAction) {
	arrives := midnight(addBusinessDays(sendingDay(t.at), 1), 0)
	d := &microdeposit{ID: newID("mdv"), Created: t.seconds(), Intent: intent, Kind: t.settings().Microdeposits, Arrives: arrives.Unix()}
	t.put(d)
	t.schedule(t.at.Add(depositLife), "microdeposit.lapse", d.ID)
	if m.bank().bounces {
		t.schedule(arrives, "microdeposit.bounce", d.ID)
	}
	return d.ID, &nextAction{Type: "verify_with_microdeposits", VerifyWithMicrodeposits: &verifyAction{
		ArrivalDate: d.Arrives, HostedVerificationURL: t.server.pageURL("/_hosted/microdeposits/" + d.ID), MicrodepositType: d.Kind,
	}}
}

// guess is what the payer says he found: a code, or amounts.
type guess struct {
	code    string
	amounts []int64
}

// readGuess takes exactly one of the two.
func (p *params) readGuess() guess {
	g := guess{code: strings.ToUpper(p.string(byCode))}
	listed := p.strings(byAmounts)
	for _, text := range listed {
		var amount int64
		if n, err := fmt.Sscanf(text, "%d", &amount); n != 1 || err != nil {
			p.fail("parameter_invalid_integer", byAmounts, "Invalid integer: %s", text)
		}
		g.amounts = append(g.amounts, amount)
	}
	switch {
	case g.code != "" && listed != nil:
		p.fail("parameters_exclusive", byCode, "You may only specify one of these parameters: amounts, descriptor_code.")
	case g.code == "" && listed == nil:
		p.fail("parameter_missing", byAmounts, "One of the following params should be provided for this request: amounts or descriptor_code.")
	}
	p.ignore("client_secret")
	return g
}

// verdict is what becomes of a guess: "" where it is right, else the end of a
// Stripe error code. A guess of the wrong shape is no try.
func (g guess) verdict(kind string) string {
	if kind == byCode {
		switch g.code {
		case "SM11AA":
			return ""
		case "SM33CC":
			return "attempts_exceeded"
		case "SM44DD":
			return "timeout"
		}
		return "descriptor_code_mismatch"
	}
	if len(g.amounts) != 2 || min(g.amounts[0], g.amounts[1]) < 1 || max(g.amounts[0], g.amounts[1]) > 99 {
		return "amounts_invalid"
	}
	pair := slices.Sorted(slices.Values(g.amounts))
	switch [2]int64(pair) {
	case [2]int64{32, 45}:
		return ""
	case [2]int64{10, 11}:
		return "attempts_exceeded"
	case [2]int64{40, 41}:
		return "timeout"
	}
	return "amounts_mismatch"
}

// tryDeposits judges a guess and lets the intent go on.
func (t *tx) tryDeposits(d *microdeposit, g guess) *apiError {
	switch {
	case d.Kind == byCode && g.code == "":
		return refuse("payment_method_microdeposit_verification_amounts_invalid", byAmounts, "The bank account is verified by the code of one deposit. Provide `descriptor_code`.")
	case d.Kind == byAmounts && g.code != "":
		return refuse("payment_method_microdeposit_verification_descriptor_code_mismatch", byCode, "The bank account is verified by the amounts of two deposits. Provide `amounts`.")
	}
	verdict := g.verdict(d.Kind)
	switch verdict {
	case "":
		if must[paymentMethod](t, t.methodOf(d)).bank().bounces {
			return t.failDeposits(d, "failed")
		}
		return t.depositsFound(d)
	case "amounts_invalid":
		return refuse("payment_method_microdeposit_verification_amounts_invalid", byAmounts, "The amounts provided are invalid. Provide the two amounts in cents, each from 1 to 99.")
	case "attempts_exceeded", "timeout":
		return t.failDeposits(d, verdict)
	}
	d.Tries++
	if d.Tries >= depositTries[d.Kind] {
		return t.failDeposits(d, "attempts_exceeded")
	}
	t.put(d)
	what := "amounts provided do not match the amounts that were"
	if d.Kind == byCode {
		what = "descriptor code provided does not match the code that was"
	}
	e := refuse("payment_method_microdeposit_verification_"+verdict, "", "The %s sent to the bank account. You have %d verification attempts remaining.", what, d.left())
	e.commits = true
	return e
}

// left is how often the payer may still try.
func (d *microdeposit) left() int { return depositTries[d.Kind] - d.Tries }

// depositsFound verifies the account and goes on with the intent.
func (t *tx) depositsFound(d *microdeposit) *apiError {
	d.Outcome = depositsVerified
	t.put(d)
	switch o := t.awaitingDeposits(d).(type) {
	case *paymentIntent:
		if err := t.debitVerified(o); err != nil {
			return asRefusal(err)
		}
	case *setupIntent:
		t.setUpVerified(o)
	}
	return nil
}

// awaitingDeposits is the intent that waits for these deposits, nil if none does.
func (t *tx) awaitingDeposits(d *microdeposit) object {
	return t.awaiting(&authentication{ID: d.ID, Intent: d.Intent})
}

// depositErrors are Stripe's words for a verification that came to nothing.
var depositErrors = map[string]*apiError{
	"failed":            refuse("payment_method_microdeposit_failed", "", "Microdeposits failed. Please check the account, institution and transit numbers provided."),
	"attempts_exceeded": refuse("payment_method_microdeposit_verification_attempts_exceeded", "", "You have exceeded the number of allowed verification attempts."),
	"timeout":           refuse("payment_method_microdeposit_verification_timeout", "", "Microdeposit timeout. Customer hasn't verified their bank account within the required 10 day period."),
}

// failDeposits ends a verification and the attempt that waits for it.
func (t *tx) failDeposits(d *microdeposit, why string) *apiError {
	failed := *depositErrors[why]
	d.Outcome = why
	t.put(d)
	switch o := t.awaitingDeposits(d).(type) {
	case *paymentIntent:
		t.dropMandate(o.Kept.Mandate)
		e := t.failIntent(o, must[paymentMethod](t, *o.PaymentMethod), &failed)
		t.settleSession(o.Kept.Session, false)
		return e
	case *setupIntent:
		if o.Mandate != nil {
			t.dropMandate(*o.Mandate)
			o.Mandate = nil
		}
		return t.failSetup(o, must[paymentMethod](t, *o.PaymentMethod), &failed)
	}
	return nil
}

// endDeposits fails what nobody has verified in time, or what bounced.
func (t *tx) endDeposits(id, why string) {
	d := must[microdeposit](t, id)
	if t.awaitingDeposits(d) != nil {
		_ = t.failDeposits(d, why) // there is no request to answer with it
	}
}

func verifySetup(c *call) (any, error) {
	si, err := named[setupIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	g := c.p.readGuess()
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if si.NextAction == nil || si.NextAction.VerifyWithMicrodeposits == nil {
		if si.Status == succeeded && must[paymentMethod](c.tx, *si.PaymentMethod).isBank() {
			return nil, alreadyVerified()
		}
		return nil, si.unexpected("You cannot verify this SetupIntent with microdeposits because it has a status of %s and no microdeposits to verify.", si.Status)
	}
	if failed := c.tryDeposits(must[microdeposit](c.tx, si.Kept.Page), g); failed != nil {
		return nil, failed
	}
	return must[setupIntent](c.tx, si.ID), nil
}

func verifyPayment(c *call) (any, error) {
	pi, err := named[paymentIntent](c, "intent", "intent")
	if err != nil {
		return nil, err
	}
	g := c.p.readGuess()
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if pi.NextAction == nil || pi.NextAction.VerifyWithMicrodeposits == nil {
		if pi.PaymentMethod != nil && must[paymentMethod](c.tx, *pi.PaymentMethod).Kept.Verified {
			return nil, alreadyVerified()
		}
		return nil, pi.unexpected("You cannot verify this PaymentIntent with microdeposits because it has a status of %s and no microdeposits to verify.", pi.Status)
	}
	if failed := c.tryDeposits(must[microdeposit](c.tx, pi.Kept.Page), g); failed != nil {
		return nil, failed
	}
	return must[paymentIntent](c.tx, pi.ID), nil
}

func alreadyVerified() *apiError {
	return refuse("payment_method_bank_account_already_verified", "", "This bank account has already been verified.")
}
