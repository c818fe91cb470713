package sandbox

import "slices"

var checkoutKind = register(&kind{
	name: "checkout.session", prefix: "cs", global: true,
	fresh:   func() object { return &checkoutSession{} },
	expands: []string{"customer", "payment_intent", "setup_intent"},
	includes: map[string]func(*tx, object) any{
		"line_items": func(_ *tx, o object) any { return o.(*checkoutSession).lineItems(10, "", "") },
	},
})

// The states of a session. It leaves open once and for good.
const (
	sessionOpen     = "open"
	sessionComplete = "complete"
	sessionExpired  = "expired"
)

// checkoutSession is Stripe's object, in hosted mode. In mode payment the
// PaymentIntent is made when the person first submits the page (as since API
// version 2022-08-01); in mode setup the SetupIntent is made with the session.
type checkoutSession struct {
	ID                         string                `json:"id"`
	Object                     string                `json:"object"`
	AfterExpiration            *struct{}             `json:"after_expiration"`
	AllowPromotionCodes        *bool                 `json:"allow_promotion_codes"`
	AmountSubtotal             *int64                `json:"amount_subtotal"`
	AmountTotal                *int64                `json:"amount_total"`
	AutomaticTax               sessionTax            `json:"automatic_tax"`
	BillingAddressCollection   *string               `json:"billing_address_collection"`
	CancelURL                  *string               `json:"cancel_url"`
	ClientReferenceID          *string               `json:"client_reference_id"`
	ClientSecret               *string               `json:"client_secret"`
	Consent                    *struct{}             `json:"consent"`
	ConsentCollection          *struct{}             `json:"consent_collection"`
	Created                    int64                 `json:"created"`
	Currency                   *string               `json:"currency"`
	CurrencyConversion         *struct{}             `json:"currency_conversion"`
	CustomFields               []struct{}            `json:"custom_fields"`
	CustomText                 sessionText           `json:"custom_text"`
	Customer                   *string               `json:"customer"`
	CustomerCreation           *string               `json:"customer_creation"`
	CustomerDetails            *sessionPerson        `json:"customer_details"`
	CustomerEmail              *string               `json:"customer_email"`
	ExpiresAt                  int64                 `json:"expires_at"`
	Invoice                    *string               `json:"invoice"`
	InvoiceCreation            *sessionInvoicing     `json:"invoice_creation"`
	Livemode                   bool                  `json:"livemode"`
	Locale                     *string               `json:"locale"`
	Metadata                   map[string]string     `json:"metadata"`
	Mode                       string                `json:"mode"`
	PaymentIntent              *string               `json:"payment_intent"`
	PaymentLink                *string               `json:"payment_link"`
	PaymentMethodCollection    *string               `json:"payment_method_collection"`
	PaymentMethodConfiguration *sessionConfiguration `json:"payment_method_configuration_details"`
	PaymentMethodOptions       sessionMethodOptions  `json:"payment_method_options"`
	PaymentMethodTypes         []string              `json:"payment_method_types"`
	PaymentStatus              string                `json:"payment_status"`
	PhoneNumberCollection      sessionPhone          `json:"phone_number_collection"`
	RecoveredFrom              *string               `json:"recovered_from"`
	SavedPaymentMethodOptions  *sessionSavedMethods  `json:"saved_payment_method_options"`
	SetupIntent                *string               `json:"setup_intent"`
	ShippingAddressCollection  *struct{}             `json:"shipping_address_collection"`
	ShippingCost               *struct{}             `json:"shipping_cost"`
	ShippingDetails            *struct{}             `json:"shipping_details"`
	ShippingOptions            []struct{}            `json:"shipping_options"`
	Status                     string                `json:"status"`
	SubmitType                 *string               `json:"submit_type"`
	Subscription               *string               `json:"subscription"`
	SuccessURL                 string                `json:"success_url"`
	TotalDetails               *sessionTotals        `json:"total_details"`
	UIMode                     string                `json:"ui_mode"`
	URL                        *string               `json:"url"`

	Kept sessionKeep `json:"-"`
}

// sessionKeep is what a session remembers and does not answer.
type sessionKeep struct {
	Items  []sessionItem `json:"items,omitempty"`
	Intent intentData    `json:"intent"`
	// Submits counts the times the page was sent, so that a form sent twice
	// is one submit.
	Submits int `json:"submits,omitempty"`
	// Refused is what was wrong with what was sent last, for the page to say.
	Refused *refusedForm `json:"refused,omitempty"`
	// Email and Name are what the person gave, for the page to show again and
	// for the customer that is made of them.
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
	// Save says the person wants the card kept.
	Save bool `json:"save,omitempty"`
}

// intentData is payment_intent_data or setup_intent_data, for the intent made
// later.
type intentData struct {
	ApplicationFeeAmount      *int64            `json:"application_fee_amount,omitempty"`
	Platform                  string            `json:"platform,omitempty"` // that made the session
	Description               *string           `json:"description,omitempty"`
	Metadata                  map[string]string `json:"metadata,omitempty"`
	OnBehalfOf                *string           `json:"on_behalf_of,omitempty"`
	ReceiptEmail              *string           `json:"receipt_email,omitempty"`
	SetupFutureUsage          *string           `json:"setup_future_usage,omitempty"`
	StatementDescriptor       *string           `json:"statement_descriptor,omitempty"`
	StatementDescriptorSuffix *string           `json:"statement_descriptor_suffix,omitempty"`
	TransferGroup             *string           `json:"transfer_group,omitempty"`
}

type sessionTax struct {
	Enabled   bool      `json:"enabled"`
	Liability *struct{} `json:"liability"`
	Status    *string   `json:"status"`
}

type sessionText struct {
	AfterSubmit     *struct{} `json:"after_submit"`
	ShippingAddress *struct{} `json:"shipping_address"`
	Submit          *struct{} `json:"submit"`
	Terms           *struct{} `json:"terms_of_service_acceptance"`
}

type sessionPerson struct {
	Address   *struct{}  `json:"address"`
	Email     *string    `json:"email"`
	Name      *string    `json:"name"`
	Phone     *string    `json:"phone"`
	TaxExempt string     `json:"tax_exempt"`
	TaxIDs    []struct{} `json:"tax_ids"`
}

type sessionInvoicing struct {
	Enabled     bool               `json:"enabled"`
	InvoiceData sessionInvoiceData `json:"invoice_data"`
}

type sessionInvoiceData struct {
	AccountTaxIDs    *struct{}         `json:"account_tax_ids"`
	CustomFields     *struct{}         `json:"custom_fields"`
	Description      *string           `json:"description"`
	Footer           *string           `json:"footer"`
	Issuer           *struct{}         `json:"issuer"`
	Metadata         map[string]string `json:"metadata"`
	RenderingOptions *struct{}         `json:"rendering_options"`
}

type sessionConfiguration struct {
	ID     string  `json:"id"`
	Parent *string `json:"parent"`
}

type sessionMethodOptions struct {
	Card          *sessionCardOptions `json:"card,omitempty"`
	USBankAccount *sessionBankOptions `json:"us_bank_account,omitempty"`
}

type sessionBankOptions struct {
	FinancialConnections map[string]any `json:"financial_connections,omitempty"`
	SetupFutureUsage     *string        `json:"setup_future_usage,omitempty"`
	VerificationMethod   string         `json:"verification_method"`
}

type sessionCardOptions struct {
	RequestThreeDSecure string  `json:"request_three_d_secure"`
	SetupFutureUsage    *string `json:"setup_future_usage,omitempty"`
}

type sessionPhone struct {
	Enabled bool `json:"enabled"`
}

type sessionSavedMethods struct {
	AllowRedisplayFilters []string `json:"allow_redisplay_filters"`
	PaymentMethodRemove   *string  `json:"payment_method_remove"`
	PaymentMethodSave     *string  `json:"payment_method_save"`
}

type sessionTotals struct {
	AmountDiscount int64  `json:"amount_discount"`
	AmountShipping *int64 `json:"amount_shipping"`
	AmountTax      int64  `json:"amount_tax"`
}

func (s *checkoutSession) kind() *kind { return checkoutKind }
func (s *checkoutSession) key() string { return s.ID }
func (s *checkoutSession) born() int64 { return s.Created }

// page is the path of the session's page.
func (s *checkoutSession) page() string { return "/_hosted/checkout/" + s.ID }

func (s *checkoutSession) hidden() any { return &s.Kept }

func (s *checkoutSession) listedBy() []string {
	names := []string{"status:" + s.Status}
	if s.Customer != nil {
		names = append(names, "customer:"+*s.Customer)
	}
	if s.PaymentIntent != nil {
		names = append(names, "payment_intent:"+*s.PaymentIntent)
	}
	if s.CustomerDetails != nil && s.CustomerDetails.Email != nil {
		names = append(names, "email:"+*s.CustomerDetails.Email)
	}
	return names
}

// futureUsage is what the card is kept for, nil where it is not kept.
func (s *checkoutSession) futureUsage() *string {
	if s.Kept.Intent.SetupFutureUsage != nil {
		return s.Kept.Intent.SetupFutureUsage
	}
	if card := s.PaymentMethodOptions.Card; card != nil && card.SetupFutureUsage != nil {
		return card.SetupFutureUsage
	}
	if bank := s.PaymentMethodOptions.USBankAccount; bank != nil {
		return bank.SetupFutureUsage
	}
	return nil
}

// offersSave says whether the page asks if the card is to be kept.
func (s *checkoutSession) offersSave() bool {
	saved := s.SavedPaymentMethodOptions
	return saved != nil && saved.PaymentMethodSave != nil && *saved.PaymentMethodSave == "enabled"
}

// makesCustomer says whether completing the session makes a customer.
func (s *checkoutSession) makesCustomer() bool {
	if s.Customer != nil || s.Mode != "payment" {
		return false
	}
	return s.futureUsage() != nil || s.CustomerCreation != nil && *s.CustomerCreation == "always"
}

// sessionItem is a line of a session. Its price and product were made for it
// and are not found by themselves.
type sessionItem struct {
	ID             string    `json:"id"`
	Object         string    `json:"object"`
	AmountDiscount int64     `json:"amount_discount"`
	AmountSubtotal int64     `json:"amount_subtotal"`
	AmountTax      int64     `json:"amount_tax"`
	AmountTotal    int64     `json:"amount_total"`
	Currency       string    `json:"currency"`
	Description    string    `json:"description"`
	Price          itemPrice `json:"price"`
	Quantity       int64     `json:"quantity"`
}

type itemPrice struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	Active            bool              `json:"active"`
	BillingScheme     string            `json:"billing_scheme"`
	Created           int64             `json:"created"`
	Currency          string            `json:"currency"`
	CustomUnitAmount  *struct{}         `json:"custom_unit_amount"`
	Livemode          bool              `json:"livemode"`
	LookupKey         *string           `json:"lookup_key"`
	Metadata          map[string]string `json:"metadata"`
	Nickname          *string           `json:"nickname"`
	Product           string            `json:"product"`
	Recurring         *struct{}         `json:"recurring"`
	TaxBehavior       string            `json:"tax_behavior"`
	TiersMode         *string           `json:"tiers_mode"`
	TransformQuantity *struct{}         `json:"transform_quantity"`
	Type              string            `json:"type"`
	UnitAmount        int64             `json:"unit_amount"`
	UnitAmountDecimal string            `json:"unit_amount_decimal"`
}

// itemList is a page of a session's lines.
type itemList struct {
	Object  string        `json:"object"`
	Data    []sessionItem `json:"data"`
	HasMore bool          `json:"has_more"`
	URL     string        `json:"url"`
}

// lineItems returns at most limit lines behind the one named by after, or
// before the one named by before; an unknown name means from the start.
func (s *checkoutSession) lineItems(limit int, after, before string) itemList {
	items := s.Kept.Items
	at := func(id string) int {
		return slices.IndexFunc(items, func(i sessionItem) bool { return i.ID == id })
	}
	from, to := at(after)+1, len(items)
	if i := at(before); i >= 0 {
		from, to = max(0, i-limit), i
		return s.itemPage(items[from:to], from > 0)
	}
	to = min(to, from+limit)
	return s.itemPage(items[from:to], to < len(items))
}

func (s *checkoutSession) itemPage(items []sessionItem, more bool) itemList {
	return itemList{
		Object: "list", Data: append([]sessionItem{}, items...), HasMore: more,
		URL: "/v1/checkout/sessions/" + s.ID + "/line_items",
	}
}
