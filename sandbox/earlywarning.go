package sandbox

// earlyWarning is a card issuer's word that a charge may be fraud, before any
// dispute (docs.stripe.com/api/radar/early_fraud_warnings).
type earlyWarning struct {
	ID            string `json:"id"`
	Object        string `json:"object"`
	Actionable    bool   `json:"actionable"`
	Charge        string `json:"charge"`
	Created       int64  `json:"created"`
	FraudType     string `json:"fraud_type"`
	Livemode      bool   `json:"livemode"`
	PaymentIntent string `json:"payment_intent"`
}

var earlyWarnings = register(&kind{
	name: "radar.early_fraud_warning", prefix: "issfr", fresh: func() object { return &earlyWarning{} },
	expands: []string{"charge", "payment_intent"},
})

func (*earlyWarning) kind() *kind   { return earlyWarnings }
func (e *earlyWarning) key() string { return e.ID }
func (e *earlyWarning) born() int64 { return e.Created }
func (e *earlyWarning) hidden() any { return nil }
func (e *earlyWarning) listedBy() []string {
	return []string{"charge:" + e.Charge, "payment_intent:" + e.PaymentIntent}
}

func init() {
	// One can act on it as long as the money can still be given back.
	earlyWarnings.renders = func(t *tx, o object) any {
		e := *o.(*earlyWarning)
		ch := must[charge](t, e.Charge)
		e.Actionable = !ch.Refunded && !ch.Disputed
		return &e
	}
	runners["charge.warn"] = warn
	endpoint("GET", "/v1/radar/early_fraud_warnings", listByCharge(earlyWarnings))
	endpoint("GET", "/v1/radar/early_fraud_warnings/{warning}", retrieve(earlyWarnings, "warning", "early_fraud_warning"))
}

func (t *tx) warnLater(ch *charge, m *paymentMethod) {
	if m.Card != nil && m.spec().warned {
		t.schedule(t.at.Add(disputeTime), "charge.warn", ch.ID)
	}
}

func warn(t *tx, id string) {
	ch := must[charge](t, id)
	e := &earlyWarning{
		ID: newID("issfr"), Object: "radar.early_fraud_warning", Charge: ch.ID, Created: t.seconds(),
		FraudType: "made_with_stolen_card", PaymentIntent: ch.PaymentIntent,
	}
	t.put(e)
	t.emit("radar.early_fraud_warning.created", e)
}
