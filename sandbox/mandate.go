package sandbox

import "net/http"

// The states of a mandate.
const (
	mandateActive   = "active"
	mandateInactive = "inactive"
	mandatePending  = "pending"
)

// mandate is a payer's permission to debit his bank account
// (docs.stripe.com/api/mandates).
type mandate struct {
	ID                   string         `json:"id"`
	Object               string         `json:"object"`
	CustomerAcceptance   acceptance     `json:"customer_acceptance"`
	Livemode             bool           `json:"livemode"`
	MultiUse             *struct{}      `json:"multi_use,omitempty"`
	PaymentMethod        string         `json:"payment_method"`
	PaymentMethodDetails mandateDetails `json:"payment_method_details"`
	SingleUse            *mandateSingle `json:"single_use,omitempty"`
	Status               string         `json:"status"`
	Type                 string         `json:"type"`

	Kept struct {
		Created int64 `json:"created"`
	} `json:"-"`
}

// acceptance is how the payer gave his permission.
type acceptance struct {
	AcceptedAt *int64            `json:"accepted_at"`
	Offline    *struct{}         `json:"offline,omitempty"`
	Online     *onlineAcceptance `json:"online,omitempty"`
	Type       string            `json:"type"`
}

type onlineAcceptance struct {
	IPAddress string `json:"ip_address"`
	UserAgent string `json:"user_agent"`
}

type mandateDetails struct {
	Type          string      `json:"type"`
	USBankAccount mandateBank `json:"us_bank_account"`
}

type mandateBank struct {
	CollectionMethod string `json:"collection_method,omitempty"`
}

// mandateSingle is what a permission for one payment is for.
type mandateSingle struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

var mandates = register(&kind{
	name: "mandate", prefix: "mandate", fresh: func() object { return &mandate{} },
	expands: []string{"payment_method"},
})

func (*mandate) kind() *kind          { return mandates }
func (m *mandate) key() string        { return m.ID }
func (m *mandate) born() int64        { return m.Kept.Created }
func (m *mandate) hidden() any        { return &m.Kept }
func (m *mandate) listedBy() []string { return []string{"payment_method:" + m.PaymentMethod} }

func init() {
	endpoint("GET", "/v1/mandates/{mandate}", retrieve(mandates, "mandate", "mandate"))
	dashboard("/mandates/{id}/end", endByHand)
}

// readMandateData takes the payer's permission of a confirmation, nil if none
// was sent.
func (p *params) readMandateData() *acceptance {
	h := p.hash("mandate_data")
	if h == nil || h.empty() {
		return nil
	}
	data := h.hash("customer_acceptance")
	if data == nil {
		h.fail("parameter_missing", "customer_acceptance", "Missing required param: %s.", h.name("customer_acceptance"))
		return nil
	}
	a := &acceptance{Type: data.enum("type", "online", "offline")}
	if at, sent := data.integer("accepted_at"); sent {
		a.AcceptedAt = &at
	}
	online := data.hash("online")
	data.ignore("offline")
	switch {
	case a.Type == "offline":
		a.Offline = &struct{}{}
	case a.Type == "":
		data.fail("parameter_missing", "type", "Missing required param: %s.", data.name("type"))
	case online == nil:
		data.fail("parameter_missing", "online", "Missing required param: %s.", data.name("online"))
	default:
		a.Online = &onlineAcceptance{IPAddress: online.require("ip_address"), UserAgent: online.require("user_agent")}
	}
	return a
}

// newMandate records a permission that waits for the account's verification,
// for any payment or, with single, for that one.
func (t *tx) newMandate(m *paymentMethod, a *acceptance, options map[string]any, single *mandateSingle) *mandate {
	given := *a
	if given.AcceptedAt == nil {
		now := t.seconds()
		given.AcceptedAt = &now
	}
	n := &mandate{
		ID: newID("mandate"), Object: "mandate", CustomerAcceptance: given, PaymentMethod: m.ID,
		PaymentMethodDetails: mandateDetails{Type: m.Type}, Status: mandatePending, Type: "multi_use", MultiUse: &struct{}{},
	}
	bank, _ := options[usBankAccount].(map[string]any)
	if terms, _ := bank["mandate_options"].(map[string]any); terms["collection_method"] == "paper" {
		n.PaymentMethodDetails.USBankAccount.CollectionMethod = "paper"
	}
	if single != nil {
		n.Type, n.SingleUse, n.MultiUse = "single_use", single, nil
	}
	n.Kept.Created = t.seconds()
	t.put(n)
	return n
}

// moveMandate puts a mandate into another state and tells of it.
func (t *tx) moveMandate(id, status string) {
	n, ok := get[mandate](t, id)
	if !ok || n.Status == status || n.Status == mandateInactive {
		return // what has ended stays so
	}
	was := *n
	n.Status = status
	t.put(n)
	t.emitChange("mandate.updated", &was, n)
}

// dropMandate ends a permission that was never confirmed: its attempt came to
// nothing.
func (t *tx) dropMandate(id string) {
	if n, ok := get[mandate](t, id); ok && n.Status == mandatePending {
		t.moveMandate(id, mandateInactive)
	}
}

// endMandates ends every permission to debit the account.
func (t *tx) endMandates(m *paymentMethod) {
	for _, o := range t.table(mandates).all("payment_method:" + m.ID) {
		t.moveMandate(o.key(), mandateInactive)
	}
}

// standing is the permission by which the account can be debited without its
// owner, "" if there is none.
func (t *tx) standing(m *paymentMethod) string {
	if n, ok := get[mandate](t, m.Kept.Mandate); ok && n.Status == mandateActive {
		return n.ID
	}
	return ""
}

const noMandate = "This %s requires a mandate, but no existing mandate was found. Collect mandate acceptance from the customer and try again, providing acceptance data in the mandate_data parameter."

func endByHand(t *tx, id string, _ *http.Request) (any, *apiError) {
	n, ok := get[mandate](t, id)
	switch {
	case !ok:
		return nil, missingPath(mandates, "mandate", id)
	case n.Status == mandateInactive:
		return nil, refuse("", "mandate", "Mandate %s has ended already.", id)
	}
	t.moveMandate(id, mandateInactive)
	return must[mandate](t, id), nil
}
