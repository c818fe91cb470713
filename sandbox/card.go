package sandbox

import "strings"

// cardSpec is a test card: what it looks like and how it behaves
// (docs.stripe.com/testing).
type cardSpec struct {
	name    string // kept in the journal instead of the number
	number  string
	tokens  []string // pm_card_… and tok_… names, without these prefixes
	brand   string   // default visa
	funding string   // default credit
	country string   // default US

	decline   *decline // every charge
	attaches  bool     // declines charges, yet can be saved
	auth      authRule
	afterAuth *decline // once authentication is past

	refund        string       // "pending" or "fail": how refunds go
	bypassPending bool         // funds are available at once
	dispute       *cardDispute // what comes of a charge
	warned        bool         // the issuer warns of fraud after a charge
}

// cardDispute is how a test card's charges are disputed: in how many parts, why,
// and whether the bank only asks.
type cardDispute struct {
	times   int64
	reason  string
	inquiry bool
}

// authRule says when a card wants the payer authenticated.
type authRule int

const (
	authNever       authRule = iota
	authUnlessSetUp          // off-session fine once set up; always on-session
	authAlways
	authSetUp  // behaves as set up already; always on-session
	authAtOnce // one-time payments and set-up; then as authUnlessSetUp
)

var cardSpecs = []*cardSpec{
	{name: "visa", number: "4242424242424242", tokens: []string{"visa"}},
	{name: "visa_debit", number: "4000056655665556", tokens: []string{"visa_debit"}, funding: "debit"},
	{name: "mastercard", number: "5555555555554444", tokens: []string{"mastercard"}, brand: "mastercard"},
	{name: "mastercard_2", number: "2223003122003222", brand: "mastercard"},
	{name: "mastercard_debit", number: "5200828282828210", tokens: []string{"mastercard_debit"}, brand: "mastercard", funding: "debit"},
	{name: "mastercard_prepaid", number: "5105105105105100", tokens: []string{"mastercard_prepaid"}, brand: "mastercard", funding: "prepaid"},
	{name: "amex", number: "378282246310005", tokens: []string{"amex"}, brand: "amex"},
	{name: "amex_2", number: "371449635398431", brand: "amex"},
	{name: "discover", number: "6011111111111117", tokens: []string{"discover"}, brand: "discover"},
	{name: "discover_2", number: "6011000990139424", brand: "discover"},
	{name: "discover_debit", number: "6011981111111113", brand: "discover", funding: "debit"},
	{name: "diners", number: "3056930009020004", tokens: []string{"diners"}, brand: "diners"},
	{name: "diners_14", number: "36227206271667", brand: "diners"},
	{name: "jcb", number: "3566002020360505", tokens: []string{"jcb"}, brand: "jcb", country: "JP"},
	{name: "unionpay", number: "6200000000000005", tokens: []string{"unionpay"}, brand: "unionpay", country: "CN"},

	{name: "generic_decline", number: "4000000000000002", tokens: []string{"visa_chargeDeclined", "chargeDeclined"}, decline: declineOf("", "generic_decline", "")},
	{name: "insufficient_funds", number: "4000000000009995", tokens: []string{"visa_chargeDeclinedInsufficientFunds", "chargeDeclinedInsufficientFunds"}, decline: declineOf("", "insufficient_funds", "")},
	{name: "lost_card", number: "4000000000009987", tokens: []string{"visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"}, decline: declineOf("", "lost_card", "")},
	{name: "stolen_card", number: "4000000000009979", tokens: []string{"visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"}, decline: declineOf("", "stolen_card", "")},
	{name: "expired_card", number: "4000000000000069", tokens: []string{"chargeDeclinedExpiredCard"}, decline: declineOf("expired_card", "", "")},
	{name: "incorrect_cvc", number: "4000000000000127", tokens: []string{"chargeDeclinedIncorrectCvc"}, decline: declineOf("incorrect_cvc", "", "")},
	{name: "processing_error", number: "4000000000000119", tokens: []string{"chargeDeclinedProcessingError"}, decline: declineOf("processing_error", "", "")},
	{name: "card_velocity_exceeded", number: "4000000000006975", tokens: []string{"visa_chargeDeclinedVelocityLimitExceeded", "chargeDeclinedVelocityLimitExceeded"}, decline: declineOf("", "card_velocity_exceeded", "")},
	{name: "charge_customer_fail", number: "4000000000000341", tokens: []string{"chargeCustomerFail"}, decline: declineOf("", "generic_decline", ""), attaches: true},
	{name: "radar_block", number: "4100000000000019", tokens: []string{"radarBlock"}, decline: blockedByRisk(), attaches: true},

	{name: "auth_on_setup", number: "4000002500003155", tokens: []string{"authenticationRequiredOnSetup"}, auth: authUnlessSetUp},
	{name: "auth_always", number: "4000002760003184", tokens: []string{"authenticationRequired"}, auth: authAlways},
	{name: "auth_set_up", number: "4000003800000446", tokens: []string{"authenticationRequiredSetupForOffSession"}, auth: authSetUp},
	{name: "auth_insufficient_funds", number: "4000008260003178", tokens: []string{"authenticationRequiredChargeDeclinedInsufficientFunds"}, auth: authAtOnce, afterAuth: declineOf("", "insufficient_funds", ""), attaches: true},
	{name: "three_d_secure_required", number: "4000000000003220", tokens: []string{"threeDSecure2Required"}, auth: authAlways},
	{name: "three_d_secure_declined", number: "4000008400001629", tokens: []string{"threeDSecureRequiredChargeDeclined"}, auth: authAlways, afterAuth: declineOf("", "generic_decline", "")},
	{name: "three_d_secure_optional", number: "4000000000003055", tokens: []string{"threeDSecureOptional"}},

	{name: "pending_refund", number: "4000000000007726", tokens: []string{"pendingRefund"}, refund: "pending"},
	{name: "refund_fail", number: "4000000000005126", tokens: []string{"refundFail"}, refund: "fail"},
	{name: "bypass_pending", number: "4000000000000077", tokens: []string{"bypassPending"}, bypassPending: true},

	{name: "dispute", number: "4000000000000259", tokens: []string{"createDispute"}, dispute: &cardDispute{1, "fraudulent", false}},
	{name: "dispute_not_received", number: "4000000000002685", tokens: []string{"createDisputeProductNotReceived"}, dispute: &cardDispute{1, "product_not_received", false}},
	{name: "dispute_inquiry", number: "4000000000001976", tokens: []string{"createDisputeInquiry"}, dispute: &cardDispute{1, "fraudulent", true}},
	{name: "fraud_warning", number: "4000000000005423", tokens: []string{"createIssuerFraudRecord"}, warned: true},
	{name: "dispute_multiple", number: "4000000404000079", tokens: []string{"createMultipleDisputes"}, dispute: &cardDispute{2, "fraudulent", false}},
}

var (
	cardsByName   = map[string]*cardSpec{}
	cardsByNumber = map[string]*cardSpec{}
	cardsByToken  = map[string]*cardSpec{}
)

func init() {
	for _, spec := range cardSpecs {
		if spec.brand == "" {
			spec.brand = "visa"
		}
		if spec.funding == "" {
			spec.funding = "credit"
		}
		if spec.country == "" {
			spec.country = "US"
		}
		cardsByName[spec.name] = spec
		cardsByNumber[spec.number] = spec
		for _, token := range spec.tokens {
			cardsByToken["pm_card_"+token] = spec
			cardsByToken["tok_"+token] = spec
		}
	}
}

// cardByNumber finds the test card, or returns the decline that Stripe gives
// for a number that is wrong or not a test card's.
func cardByNumber(number string) (*cardSpec, *decline) {
	number = strings.NewReplacer(" ", "", "-", "").Replace(number)
	if spec, ok := cardsByNumber[number]; ok {
		return spec, nil
	}
	if len(number) < 12 || len(number) > 19 || !luhn(number) {
		return nil, declineOf("incorrect_number", "", "")
	}
	return nil, declineOf("card_declined", "test_mode_live_card", "")
}

// luhn is the check digit rule of ISO/IEC 7812-1.
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		c := number[len(number)-1-i]
		if c < '0' || c > '9' {
			return false
		}
		digit := int(c - '0')
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}

// wantsAuth reports whether a payment needs the payer to authenticate.
// setUp says that the card was saved with authentication before.
func (s *cardSpec) wantsAuth(offSession, setUp bool) bool {
	switch s.auth {
	case authAlways:
		return true
	case authUnlessSetUp, authAtOnce:
		return !offSession || !setUp
	case authSetUp:
		return !offSession
	case authNever:
		return false
	}
	return false
}

// wantsAuthToSave reports whether a SetupIntent needs authentication.
func (s *cardSpec) wantsAuthToSave() bool { return s.auth != authNever && s.auth != authSetUp }

// cannotAttach is why the bank does not let the method be saved, nil if it does.
func (m *paymentMethod) cannotAttach() *decline {
	if m.isBank() || m.spec().attaches {
		return nil
	}
	return m.spec().decline
}
