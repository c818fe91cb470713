package sandbox

import "unicode/utf8"

// evidence is what the seller says to a dispute. The fields that hold files
// stay empty here: files are not taken.
type evidence struct {
	AccessActivityLog            *string `json:"access_activity_log"`
	BillingAddress               *string `json:"billing_address"`
	CancellationPolicy           *string `json:"cancellation_policy"`
	CancellationPolicyDisclosure *string `json:"cancellation_policy_disclosure"`
	CancellationRebuttal         *string `json:"cancellation_rebuttal"`
	CustomerCommunication        *string `json:"customer_communication"`
	CustomerEmailAddress         *string `json:"customer_email_address"`
	CustomerName                 *string `json:"customer_name"`
	CustomerPurchaseIP           *string `json:"customer_purchase_ip"`
	CustomerSignature            *string `json:"customer_signature"`
	DuplicateChargeDocumentation *string `json:"duplicate_charge_documentation"`
	DuplicateChargeExplanation   *string `json:"duplicate_charge_explanation"`
	DuplicateChargeID            *string `json:"duplicate_charge_id"`
	ProductDescription           *string `json:"product_description"`
	Receipt                      *string `json:"receipt"`
	RefundPolicy                 *string `json:"refund_policy"`
	RefundPolicyDisclosure       *string `json:"refund_policy_disclosure"`
	RefundRefusalExplanation     *string `json:"refund_refusal_explanation"`
	ServiceDate                  *string `json:"service_date"`
	ServiceDocumentation         *string `json:"service_documentation"`
	ShippingAddress              *string `json:"shipping_address"`
	ShippingCarrier              *string `json:"shipping_carrier"`
	ShippingDate                 *string `json:"shipping_date"`
	ShippingDocumentation        *string `json:"shipping_documentation"`
	ShippingTrackingNumber       *string `json:"shipping_tracking_number"`
	UncategorizedFile            *string `json:"uncategorized_file"`
	UncategorizedText            *string `json:"uncategorized_text"`
}

// The most characters of one long field, of one short field and of all fields.
const (
	maxEvidenceField = 20_000
	maxEvidenceWord  = 5_000
	maxEvidence      = 150_000
)

// long are the fields for prose; words the short ones.
func (e *evidence) long() map[string]**string {
	return map[string]**string{
		"access_activity_log":            &e.AccessActivityLog,
		"cancellation_policy_disclosure": &e.CancellationPolicyDisclosure,
		"cancellation_rebuttal":          &e.CancellationRebuttal,
		"duplicate_charge_explanation":   &e.DuplicateChargeExplanation,
		"product_description":            &e.ProductDescription,
		"refund_policy_disclosure":       &e.RefundPolicyDisclosure,
		"refund_refusal_explanation":     &e.RefundRefusalExplanation,
		"uncategorized_text":             &e.UncategorizedText,
	}
}

func (e *evidence) words() map[string]**string {
	return map[string]**string{
		"billing_address":          &e.BillingAddress,
		"customer_email_address":   &e.CustomerEmailAddress,
		"customer_name":            &e.CustomerName,
		"customer_purchase_ip":     &e.CustomerPurchaseIP,
		"duplicate_charge_id":      &e.DuplicateChargeID,
		"service_date":             &e.ServiceDate,
		"shipping_address":         &e.ShippingAddress,
		"shipping_carrier":         &e.ShippingCarrier,
		"shipping_date":            &e.ShippingDate,
		"shipping_tracking_number": &e.ShippingTrackingNumber,
	}
}

var evidenceFiles = []string{
	"cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation",
	"receipt", "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
}

// read merges the parameter into the evidence and reports whether it was sent.
func (e *evidence) read(p *params) bool {
	h := p.hash("evidence")
	if h == nil {
		return false
	}
	total := 0
	take := func(fields map[string]**string, most int) {
		for _, name := range sortedKeys(fields) {
			text, sent := h.text(name)
			switch {
			case !sent:
			case text == "":
				*fields[name] = nil
			case utf8.RuneCountInString(text) > most:
				h.fail("", name, "Invalid string: %.40s...; must be at most %d characters", text, most)
			default:
				*fields[name] = &text
			}
			if held := *fields[name]; held != nil {
				total += utf8.RuneCountInString(*held)
			}
		}
	}
	take(e.long(), maxEvidenceField)
	take(e.words(), maxEvidenceWord)
	for _, name := range evidenceFiles {
		if id, sent := h.text(name); sent && id != "" {
			h.fail("resource_missing", name, "No such file upload: '%s'", id)
		}
	}
	if total > maxEvidence {
		p.fail("", "evidence", "The combined character count of the evidence is %d; it can be at most %d.", total, maxEvidence)
	}
	return true
}
