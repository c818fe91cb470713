package sandbox

import (
	"slices"
	"time"
)

// charge is one answer of a bank (docs.stripe.com/api/charges).
type charge struct {
	ID                            string            `json:"id"`
	Object                        string            `json:"object"`
	Amount                        int64             `json:"amount"`
	AmountCaptured                int64             `json:"amount_captured"`
	AmountRefunded                int64             `json:"amount_refunded"`
	Application                   *string           `json:"application"`
	ApplicationFee                *string           `json:"application_fee"`
	ApplicationFeeAmount          *int64            `json:"application_fee_amount"`
	BalanceTransaction            *string           `json:"balance_transaction"`
	BillingDetails                billingDetails    `json:"billing_details"`
	CalculatedStatementDescriptor *string           `json:"calculated_statement_descriptor"`
	Captured                      bool              `json:"captured"`
	Created                       int64             `json:"created"`
	Currency                      string            `json:"currency"`
	Customer                      *string           `json:"customer"`
	Description                   *string           `json:"description"`
	Disputed                      bool              `json:"disputed"`
	FailureBalanceTransaction     *string           `json:"failure_balance_transaction"`
	FailureCode                   *string           `json:"failure_code"`
	FailureMessage                *string           `json:"failure_message"`
	FraudDetails                  map[string]string `json:"fraud_details"`
	Invoice                       *string           `json:"invoice"`
	Livemode                      bool              `json:"livemode"`
	Metadata                      map[string]string `json:"metadata"`
	OnBehalfOf                    *string           `json:"on_behalf_of"`
	Outcome                       chargeOutcome     `json:"outcome"`
	Paid                          bool              `json:"paid"`
	PaymentIntent                 string            `json:"payment_intent"`
	PaymentMethod                 string            `json:"payment_method"`
	PaymentMethodDetails          methodDetails     `json:"payment_method_details"`
	RadarOptions                  struct{}          `json:"radar_options"`
	ReceiptEmail                  *string           `json:"receipt_email"`
	ReceiptNumber                 *string           `json:"receipt_number"`
	ReceiptURL                    *string           `json:"receipt_url"`
	Refunded                      bool              `json:"refunded"`
	Review                        *string           `json:"review"`
	Shipping                      *shipping         `json:"shipping"`
	SourceTransfer                *string           `json:"source_transfer"`
	StatementDescriptor           *string           `json:"statement_descriptor"`
	StatementDescriptorSuffix     *string           `json:"statement_descriptor_suffix"`
	Status                        string            `json:"status"`
	TransferData                  *struct{}         `json:"transfer_data"`
	TransferGroup                 *string           `json:"transfer_group"`

	// Kept is how a bank debit that is under way goes on.
	Kept struct {
		Sent  int64    `json:"sent,omitempty"`  // when it goes to the bank, Unix seconds
		Fails *decline `json:"fails,omitempty"` // what the bank will say
		Stays bool     `json:"stays,omitempty"` // the bank never answers

		Platform    string `json:"platform,omitempty"`     // that made it
		FeeRefunded int64  `json:"fee_refunded,omitempty"` // of its application fee
	} `json:"-"`
}

// chargeOutcome is who decided, and how.
type chargeOutcome struct {
	AdviceCode    string  `json:"advice_code,omitempty"`
	NetworkStatus string  `json:"network_status"`
	Reason        *string `json:"reason"`
	RiskLevel     string  `json:"risk_level"`
	RiskScore     int64   `json:"risk_score"`
	SellerMessage string  `json:"seller_message"`
	Type          string  `json:"type"`
}

// methodDetails is the payment method as it was at the charge.
type methodDetails struct {
	Card          *chargedCard `json:"card,omitempty"`
	Type          string       `json:"type"`
	USBankAccount *chargedBank `json:"us_bank_account,omitempty"`
}

type chargedBank struct {
	AccountHolderType string  `json:"account_holder_type"`
	AccountType       string  `json:"account_type"`
	BankName          string  `json:"bank_name"`
	Fingerprint       string  `json:"fingerprint"`
	Last4             string  `json:"last4"`
	Mandate           string  `json:"mandate,omitempty"`
	PaymentReference  *string `json:"payment_reference"` // known once it succeeded
	RoutingNumber     string  `json:"routing_number"`
}

type chargedCard struct {
	AmountAuthorized         *int64        `json:"amount_authorized"`
	AuthorizationCode        *string       `json:"authorization_code"`
	Brand                    string        `json:"brand"`
	Checks                   cardChecks    `json:"checks"`
	Country                  string        `json:"country"`
	ExpMonth                 int64         `json:"exp_month"`
	ExpYear                  int64         `json:"exp_year"`
	ExtendedAuthorization    enterprise    `json:"extended_authorization"`
	Fingerprint              string        `json:"fingerprint"`
	Funding                  string        `json:"funding"`
	IncrementalAuthorization enterprise    `json:"incremental_authorization"`
	Installments             *struct{}     `json:"installments"`
	Last4                    string        `json:"last4"`
	Mandate                  *string       `json:"mandate"`
	Multicapture             enterprise    `json:"multicapture"`
	Network                  string        `json:"network"`
	NetworkToken             networkToken  `json:"network_token"`
	Overcapture              overcapture   `json:"overcapture"`
	ThreeDSecure             *threeDSecure `json:"three_d_secure"`
	Wallet                   *struct{}     `json:"wallet"`
}

type enterprise struct {
	Status string `json:"status"`
}

type networkToken struct {
	Used bool `json:"used"`
}

type overcapture struct {
	MaximumAmountCapturable int64  `json:"maximum_amount_capturable"`
	Status                  string `json:"status"`
}

// threeDSecure is how the payer proved himself to his bank.
type threeDSecure struct {
	AuthenticationFlow          *string `json:"authentication_flow"`
	ElectronicCommerceIndicator *string `json:"electronic_commerce_indicator"`
	ExemptionIndicator          *string `json:"exemption_indicator"`
	Result                      string  `json:"result"`
	ResultReason                *string `json:"result_reason"`
	TransactionID               *string `json:"transaction_id"`
	Version                     string  `json:"version"`
}

var charges = register(&kind{
	name: "charge", prefix: "ch", alias: "py", fresh: func() object { return &charge{} },
	expands: []string{
		"application", "application_fee", "balance_transaction", "customer", "failure_balance_transaction",
		"invoice", "on_behalf_of", "payment_intent", "review", "source_transfer",
	},
})

func (*charge) kind() *kind    { return charges }
func (ch *charge) key() string { return ch.ID }
func (ch *charge) born() int64 { return ch.Created }
func (ch *charge) hidden() any { return &ch.Kept }
func (ch *charge) listedBy() []string {
	by := []string{"payment_intent:" + ch.PaymentIntent}
	if ch.Customer != nil {
		by = append(by, "customer:"+*ch.Customer)
	}
	return by
}

func init() {
	charges.includes = map[string]func(t *tx, o object) any{
		"refunds": func(t *tx, o object) any {
			l := newList("/v1/charges/" + o.key() + "/refunds")
			all := t.table(refunds).all("charge:" + o.key())
			for _, a := range slices.Backward(all) {
				l.take(a, nil, 10)
			}
			return l
		},
	}
	runners["charge.settle"] = settleLater
	endpoint("GET", "/v1/charges", listCharges)
	endpoint("GET", "/v1/charges/{charge}", retrieve(charges, "charge", "id"))
	endpoint("POST", "/v1/charges/{charge}", updateCharge)
}

// newCharge is the bank's "yes" to the intent's amount. Put it, or settle or
// fail it.
func (t *tx) newCharge(pi *paymentIntent, m *paymentMethod) *charge {
	descriptor := must[account](t, t.world.id).Settings.Payments.Descriptor
	prefix := charges.prefix
	if m.isBank() {
		prefix = charges.alias
	}
	ch := &charge{
		ID: newID(prefix), Object: "charge", Amount: pi.Amount, AmountCaptured: pi.Amount,
		Application: pi.Application, ApplicationFeeAmount: pi.ApplicationFeeAmount,
		BillingDetails: m.BillingDetails, CalculatedStatementDescriptor: descriptor,
		Captured: true, Created: t.seconds(), Currency: pi.Currency, Customer: pi.Customer,
		Description: pi.Description, FraudDetails: map[string]string{}, Metadata: pi.Metadata,
		Outcome: chargeOutcome{
			NetworkStatus: "approved_by_network", RiskLevel: "normal", RiskScore: 20,
			SellerMessage: "Payment complete.", Type: "authorized",
		},
		Paid: true, PaymentIntent: pi.ID, PaymentMethod: m.ID, PaymentMethodDetails: detailsOf(m, pi.Amount),
		ReceiptEmail: pi.ReceiptEmail, Shipping: pi.Shipping, StatementDescriptor: pi.StatementDescriptor,
		StatementDescriptorSuffix: pi.StatementDescriptorSuffix, Status: succeeded, TransferGroup: pi.TransferGroup,
	}
	ch.Kept.Platform = pi.Kept.Platform
	return ch
}

func detailsOf(m *paymentMethod, amount int64) methodDetails {
	if bank := m.USBankAccount; bank != nil {
		return methodDetails{Type: m.Type, USBankAccount: &chargedBank{
			AccountHolderType: bank.AccountHolderType, AccountType: bank.AccountType, BankName: bank.BankName,
			Fingerprint: bank.Fingerprint, Last4: bank.Last4, RoutingNumber: bank.RoutingNumber,
		}}
	}
	unavailable := enterprise{"unavailable"}
	checks := m.Card.Checks
	if checks.CVCCheck != nil {
		pass := "pass"
		checks.CVCCheck = &pass
	}
	return methodDetails{Type: "card", Card: &chargedCard{
		AmountAuthorized: &amount, Brand: m.Card.Brand, Checks: checks, Country: m.Card.Country,
		ExpMonth: m.Card.ExpMonth, ExpYear: m.Card.ExpYear, ExtendedAuthorization: enterprise{"disabled"},
		Fingerprint: m.Card.Fingerprint, Funding: m.Card.Funding, IncrementalAuthorization: unavailable,
		Last4: m.Card.Last4, Multicapture: unavailable, Network: m.Card.Brand,
		Overcapture: overcapture{amount, "unavailable"},
	}}
}

// fail turns the charge into the bank's "no".
func (ch *charge) fail(d *decline) {
	reason := d.reason()
	ch.AmountCaptured, ch.Captured, ch.Paid, ch.Status = 0, false, false, "failed"
	ch.FailureCode, ch.FailureMessage = &d.Code, &d.Message
	ch.Outcome = chargeOutcome{
		AdviceCode: d.AdviceCode, NetworkStatus: "declined_by_network", Reason: &reason,
		RiskLevel: "normal", RiskScore: 20, SellerMessage: d.SellerMessage, Type: "issuer_declined",
	}
	if d.Blocked {
		highest := "highest_risk_level"
		ch.Outcome.NetworkStatus, ch.Outcome.Reason = "not_sent_to_network", &highest
		ch.Outcome.RiskLevel, ch.Outcome.RiskScore, ch.Outcome.Type = "highest", 90, "blocked"
	}
	if card := ch.PaymentMethodDetails.Card; card != nil && d.Code == "incorrect_cvc" {
		failed := "fail"
		card.Checks.CVCCheck = &failed
	}
}

// settleCharge puts a charge that went through and books its money, at once or
// after the account's settling time.
func (t *tx) settleCharge(ch *charge, m *paymentMethod) {
	if wait := t.settings().Settle; wait > 0 && ch.PaymentMethodDetails.Card != nil {
		t.schedule(t.at.Add(time.Duration(wait)*time.Millisecond), "charge.settle", ch.ID)
	} else {
		t.bookCharge(ch, m)
	}
	t.disputeLater(ch, m)
	t.warnLater(ch, m)
	t.mailReceipt(ch, "payment", ch.Amount)
	t.put(ch)
}

// availableOn is when a charge's money is or was available, as far as is known:
// one that was not booked yet will be after the account's settling time.
func (t *tx) availableOn(ch *charge) int64 {
	if ch.BalanceTransaction != nil {
		return must[balanceTransaction](t, *ch.BalanceTransaction).AvailableOn
	}
	settles := time.Unix(ch.Created, 0).Add(time.Duration(t.settings().Settle) * time.Millisecond)
	return settles.Add(t.delay(must[paymentMethod](t, ch.PaymentMethod))).Unix()
}

// delay is how long a charge's money is pending.
func (t *tx) delay(m *paymentMethod) time.Duration {
	if m.Card != nil && m.spec().bypassPending {
		return 0
	}
	return must[account](t, t.world.id).Settings.Payouts.Schedule.delay()
}

func (t *tx) bookCharge(ch *charge, m *paymentMethod) {
	available := t.at.Add(t.delay(m))
	money := movement{
		kind: "charge", source: ch.ID, currency: ch.Currency, amount: ch.Amount,
		fee: cardFee(ch.Amount), feeWords: "Stripe processing fees",
		availableOn: available.Unix(), description: ch.Description,
	}
	t.share(ch, &money)
	ch.BalanceTransaction = &t.bookTransaction(money).ID
}

func settleLater(t *tx, id string) {
	ch := must[charge](t, id)
	was := *ch
	t.bookCharge(ch, must[paymentMethod](t, ch.PaymentMethod))
	t.put(ch)
	t.emitChange("charge.updated", &was, ch)
}

// cardFee is 2.9 % and 30 minor units, half a unit rounded up
// (stripe.com/pricing, United States).
func cardFee(amount int64) int64 { return (amount*29+500)/1000 + 30 }

func listCharges(c *call) (any, error) {
	who, intent := c.p.string("customer"), c.p.string("payment_intent")
	group := c.p.string("transfer_group")
	by := ""
	switch {
	case intent != "":
		by = "payment_intent:" + intent
	case who != "":
		by = "customer:" + who
	}
	return c.page(charges, by, func(o object) bool {
		ch := o.(*charge)
		return (who == "" || (ch.Customer != nil && *ch.Customer == who)) &&
			(group == "" || (ch.TransferGroup != nil && *ch.TransferGroup == group))
	})
}

func updateCharge(c *call) (any, error) {
	ch, err := named[charge](c, "charge", "id")
	if err != nil {
		return nil, err
	}
	was := *ch
	c.p.nullable("description", &ch.Description)
	c.p.nullable("receipt_email", &ch.ReceiptEmail)
	c.p.nullable("transfer_group", &ch.TransferGroup)
	ch.Shipping = c.p.readShipping(ch.Shipping)
	ch.Metadata = c.p.metadata(ch.Metadata)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	c.put(ch)
	if ch.Paid && ch.ReceiptEmail != nil && (was.ReceiptEmail == nil || *was.ReceiptEmail != *ch.ReceiptEmail) {
		c.mailReceipt(ch, "payment", ch.Amount)
	}
	c.emitChange("charge.updated", &was, ch)
	return ch, nil
}
