package prove

import "math/rand/v2"

// Fault is what the stand-in does wrong for a day: its form is that of the
// stand-in's own faults.
type Fault struct {
	Rules    []FaultRule    `json:"rules,omitempty"`
	Webhooks *WebhookFaults `json:"webhooks,omitempty"`
}

// FaultRule is one effect on requests.
type FaultRule struct {
	Match struct {
		Method      string  `json:"method,omitempty"`
		Path        string  `json:"path,omitempty"`
		Nth         []int   `json:"nth,omitempty"`
		Probability float64 `json:"probability,omitempty"`
		Seed        int64   `json:"seed,omitempty"`
		Times       int     `json:"times,omitempty"`
	} `json:"match"`
	Effect string `json:"effect"`
	MS     int    `json:"ms,omitempty"`
	Status int    `json:"status,omitempty"`
	Stored bool   `json:"stored,omitempty"`
}

// WebhookFaults is what happens to events.
type WebhookFaults struct {
	Drop    float64 `json:"drop"`
	Double  float64 `json:"double"`
	Reorder bool    `json:"reorder"`
	DelayMS int     `json:"delay_ms"`
	Seed    int64   `json:"seed"`
}

// moneyCalls are the calls that money depends on.
var moneyCalls = []string{
	"/v1/payment_intents", "/v1/payment_intents/*/confirm", "/v1/payment_intents/*/confirm", "/v1/payment_intents/*/confirm",
	"/v1/payment_intents/*/cancel", "/v1/payment_intents/*", "/v1/checkout/sessions", "/v1/checkout/sessions/*/expire", "/v1/refunds", "/v1/refunds", "",
}

// newFault makes the faults of a day: mostly one rule that strikes a call or two,
// and events that come wrong or not at all.
func newFault(r *rand.Rand) *Fault {
	if r.IntN(4) == 0 {
		return silence(r)
	}
	f := &Fault{Webhooks: mishaps(r)}
	for range r.IntN(3) {
		f.Rules = append(f.Rules, newRule(r))
	}
	f.Rules = append(f.Rules, weather(r)...)
	return f
}

// weather is what a bad network and a busy Stripe do to any call: about
// half of them go wrong, some after the effect. It comes after the day's own
// rules, of which the first that strikes counts.
func weather(r *rand.Rand) []FaultRule {
	var rules []FaultRule
	for _, effect := range []string{"rate_limit", "lock_timeout", "error_before", "drop_before", "error_after", "drop_after"} {
		var rule FaultRule
		rule.Effect = effect
		if effect == "lock_timeout" {
			rule.Match.Method = "POST"
		}
		rule.Match.Path = "/v1/"
		rule.Match.Probability, rule.Match.Seed = 0.10+0.05*r.Float64(), r.Int64N(1<<30)
		rules = append(rules, rule)
	}
	return rules
}

// mishaps are what happens to a day's events: hardly one comes once, in its turn
// and at once.
func mishaps(r *rand.Rand) *WebhookFaults {
	f := &WebhookFaults{Reorder: true, DelayMS: 200 + r.IntN(1500), Seed: r.Int64N(1 << 30)}
	switch r.IntN(6) {
	case 0:
		f.Drop = 1
	case 1:
		f.Double = 1
	case 2:
		f.DelayMS = 6000 // long after somebody asked
	default:
		f.Drop, f.Double = 0.2, 0.8
	}
	return f
}

// silence is a network that is cut off right after the money moved: neither the
// answer nor any event arrives.
func silence(r *rand.Rand) *Fault {
	var rule FaultRule
	rule.Match.Method, rule.Match.Path, rule.Match.Times = "POST", "/v1/payment_intents/*/confirm", 1+r.IntN(2)
	rule.Effect = []string{"drop_after", "error_after", "delay"}[r.IntN(3)]
	rule.MS = 4000
	if rule.Effect != "delay" {
		rule.MS = 0
	}
	return &Fault{Rules: []FaultRule{rule}, Webhooks: &WebhookFaults{Drop: 1}}
}

func newRule(r *rand.Rand) FaultRule {
	var rule FaultRule
	rule.Match.Path = moneyCalls[r.IntN(len(moneyCalls))]
	if r.IntN(4) > 0 {
		rule.Match.Method = "POST"
	}
	rule.Match.Times = 1 + r.IntN(3)
	if r.IntN(4) == 0 {
		rule.Match.Probability, rule.Match.Seed, rule.Match.Times = 0.4, r.Int64N(1<<30), 6
	}
	switch r.IntN(9) {
	case 0:
		rule.Effect, rule.MS = "delay", 300+r.IntN(1500)
	case 1:
		rule.Effect, rule.MS = "delay", 4000 // longer than is waited for
	case 2:
		rule.Effect, rule.Status = "error_before", 500+r.IntN(4)
	case 3:
		rule.Effect, rule.Status = "error_after", 500+r.IntN(4)
	case 4:
		rule.Effect, rule.Status, rule.Stored = "error_after", 500, true
	case 5:
		rule.Effect = "drop_before"
	case 6:
		rule.Effect = "rate_limit"
	case 7:
		rule.Effect = "lock_timeout"
	default:
		rule.Effect = "drop_after"
	}
	return rule
}
