package sandbox

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long a session lives, on the account's clock.
const (
	sessionShortest = 30 * time.Minute
	sessionLongest  = 24 * time.Hour
)

func init() { endpoint("POST", "/v1/checkout/sessions", createSession) }

func createSession(c *call) (any, error) {
	p := c.p
	s := newSession(c)
	s.Mode = p.enum("mode", "payment", "setup", "subscription")
	if s.Mode == "" && !p.has("mode") {
		p.fail("parameter_missing", "mode", "Missing required param: mode.")
	}
	readAddresses(p, s)
	s.ExpiresAt = readExpiry(c)
	s.Metadata = p.metadata(nil)
	p.nullable("client_reference_id", &s.ClientReferenceID)
	if s.ClientReferenceID != nil && len(*s.ClientReferenceID) > 200 {
		p.fail("", "client_reference_id", "Invalid string: client_reference_id must be at most 200 characters")
	}
	if locale := p.enum("locale", strings.Fields(checkoutLocales)...); locale != "" {
		s.Locale = &locale
	}
	if p.enum("ui_mode", "hosted", "embedded") == "embedded" {
		p.fail("", "ui_mode", "This server has no embedded checkout, only `hosted`.")
	}
	readMethodTypes(p, s, c)
	readMethodOptions(p, s)
	err := readCustomer(c, s)
	switch s.Mode {
	case "payment":
		readPayment(c, s)
	case "setup":
		readSetup(c, s)
	default:
		p.ignore("line_items", "payment_intent_data", "setup_intent_data", "saved_payment_method_options", "submit_type", "currency")
		p.fail("", "mode", "This server has no subscriptions; `mode` can be payment or setup.")
	}
	s.checkSessionCurrency(p)
	if failed := p.done(); failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	s.Kept.Intent.Platform = c.platform
	if s.Mode == "payment" {
		if failed := c.canCharge(); failed != nil {
			return nil, failed
		}
	}
	if s.Mode == "setup" {
		c.setupForSession(s)
	}
	c.opened(s)
	return s, nil
}

// checkoutLocales are the languages Stripe's page has; ours is English alone.
const checkoutLocales = `auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id
	it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW`

func newSession(c *call) *checkoutSession {
	id := "cs_test_a1" + random(56)
	page := c.server.pageURL("/_hosted/checkout/" + id)
	return &checkoutSession{
		ID: id, Object: "checkout.session", Created: c.seconds(), UIMode: "hosted", URL: &page,
		CustomFields: []struct{}{}, ShippingOptions: []struct{}{}, Status: sessionOpen,
		PaymentStatus: "unpaid",
	}
}

func readAddresses(p *params, s *checkoutSession) {
	s.SuccessURL = p.require("success_url")
	if s.SuccessURL != "" && !isWebAddress(s.SuccessURL) {
		p.fail("url_invalid", "success_url", "Not a valid URL")
	}
	p.nullable("cancel_url", &s.CancelURL)
	if s.CancelURL != nil && !isWebAddress(*s.CancelURL) {
		p.fail("url_invalid", "cancel_url", "Not a valid URL")
	}
}

func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func readExpiry(c *call) int64 {
	at, sent := c.p.time("expires_at")
	switch {
	case !sent:
		return c.at.Add(sessionLongest).Unix()
	case at.Before(time.Unix(c.seconds(), 0).Add(sessionShortest)):
		c.p.fail("", "expires_at", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.")
	case at.After(c.at.Add(sessionLongest)):
		c.p.fail("", "expires_at", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.")
	}
	return at.Unix()
}

// readCustomer reads whose session it is: a customer, an address to begin
// with, or nobody yet.
func readCustomer(c *call, s *checkoutSession) error {
	p := c.p
	p.ignore("customer_update")
	id, email := p.string("customer"), p.string("customer_email")
	creation := p.enum("customer_creation", "always", "if_required")
	switch {
	case id != "" && email != "":
		p.fail("", "customer", "You may only specify one of these parameters: customer, customer_email.")
	case id != "" && creation != "":
		p.fail("", "customer", "You may only specify one of these parameters: customer, customer_creation.")
	case email != "":
		if !plausibleEmail(email) {
			p.fail("email_invalid", "customer_email", "Invalid email address: %s", email)
		}
		s.CustomerEmail = &email
		s.CustomerDetails = &sessionPerson{Email: &email, TaxExempt: "none"}
	case id != "":
		person, err := c.payer(id)
		if err != nil {
			return err
		}
		s.Customer = &id
		s.CustomerDetails = &sessionPerson{Email: person.Email, TaxExempt: "none"}
	}
	if creation != "" {
		s.CustomerCreation = &creation
	} else if id == "" && s.Mode == "payment" {
		standard := "if_required"
		s.CustomerCreation = &standard
	}
	return nil
}

// plausibleEmail refuses what no mail server would take.
func plausibleEmail(address string) bool {
	name, domain, ok := strings.Cut(address, "@")
	return ok && name != "" && strings.Contains(domain, ".") && !strings.ContainsAny(address, " \t\r\n") &&
		!strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.Contains(domain, "@")
}

func readPayment(c *call, s *checkoutSession) {
	p := c.p
	if submit := p.enum("submit_type", "auto", "book", "donate", "pay"); submit != "" {
		s.SubmitType = &submit
	}
	readItems(c, s)
	readIntentData(c, s, p.hash("payment_intent_data"))
	collection := "if_required"
	s.PaymentMethodCollection = &collection
	s.InvoiceCreation = &sessionInvoicing{InvoiceData: sessionInvoiceData{Metadata: map[string]string{}}}
	s.TotalDetails = &sessionTotals{AmountShipping: new(int64)}
	saved := p.hash("saved_payment_method_options")
	if s.Customer == nil && saved != nil {
		p.ignore("saved_payment_method_options")
		p.fail("", "saved_payment_method_options", "`saved_payment_method_options` can only be used with a `customer`.")
	}
	if s.Customer == nil {
		return
	}
	s.SavedPaymentMethodOptions = &sessionSavedMethods{AllowRedisplayFilters: []string{"always"}}
	if filters := saved.strings("allow_redisplay_filters"); len(filters) > 0 {
		for _, filter := range filters {
			if !slices.Contains([]string{"always", "limited", "unspecified"}, filter) {
				saved.fail("", "allow_redisplay_filters", "Invalid %s: must be one of always, limited, or unspecified", saved.name("allow_redisplay_filters"))
			}
		}
		s.SavedPaymentMethodOptions.AllowRedisplayFilters = filters
	}
	if saved != nil {
		if save := saved.enum("payment_method_save", "enabled", "disabled"); save != "" {
			s.SavedPaymentMethodOptions.PaymentMethodSave = &save
		}
	}
}

// readIntentData reads what the PaymentIntent will have.
func readIntentData(c *call, s *checkoutSession, p *params) {
	if p == nil {
		return
	}
	data := &s.Kept.Intent
	data.Metadata = p.metadata(nil)
	p.nullable("description", &data.Description)
	p.nullable("receipt_email", &data.ReceiptEmail)
	p.nullable("on_behalf_of", &data.OnBehalfOf)
	p.nullable("statement_descriptor", &data.StatementDescriptor)
	p.nullable("statement_descriptor_suffix", &data.StatementDescriptorSuffix)
	p.nullable("transfer_group", &data.TransferGroup)
	if method := p.enum("capture_method", "automatic", "automatic_async", "manual"); method == "manual" {
		p.fail("", "capture_method", "This server has no manual capture.")
	}
	if usage := p.enum("setup_future_usage", "off_session", "on_session"); usage != "" {
		data.SetupFutureUsage = &usage
	}
	if fee, sent := p.integer("application_fee_amount"); sent {
		switch {
		case c.platform == "":
			p.fail("", "application_fee_amount", "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).")
		case fee < 0:
			p.fail("parameter_invalid_integer", "application_fee_amount", "Invalid non-negative integer")
		case s.AmountTotal != nil && fee > *s.AmountTotal:
			p.fail("", "application_fee_amount", "The application_fee_amount cannot be larger than the total amount due.")
		}
		data.ApplicationFeeAmount = &fee
	}
}

func readSetup(c *call, s *checkoutSession) {
	p := c.p
	s.PaymentStatus = "no_payment_required"
	if currency := p.string("currency"); currency != "" {
		s.Currency = &currency
	}
	if p.has("line_items") {
		p.ignore("line_items")
		p.fail("", "line_items", "You can not pass `line_items` in `setup` mode.")
	}
	if p.has("payment_intent_data") {
		p.ignore("payment_intent_data")
		p.fail("", "payment_intent_data", "You can not pass `payment_intent_data` in `setup` mode.")
	}
	collection := "always"
	s.PaymentMethodCollection = &collection
	if data := p.hash("setup_intent_data"); data != nil {
		s.Kept.Intent.Metadata = data.metadata(nil)
		data.nullable("description", &s.Kept.Intent.Description)
		data.nullable("on_behalf_of", &s.Kept.Intent.OnBehalfOf)
	}
}

// readItems reads the lines and adds them up.
func readItems(c *call, s *checkoutSession) {
	p := c.p
	lines := p.hashes("line_items")
	if len(lines) == 0 {
		p.fail("parameter_missing", "line_items", "The `line_items` parameter is required in payment mode.")
		return
	}
	if len(lines) > 100 {
		p.fail("", "line_items", "You may only specify up to 100 line items.")
	}
	var total int64
	currency := ""
	for _, line := range lines {
		item := readItem(c, line)
		if currency != "" && item.Currency != currency {
			p.fail("", "line_items", "The line items must all have the same currency: %s and %s differ.", currency, item.Currency)
		}
		currency = item.Currency
		if item.AmountTotal > math.MaxInt64-total {
			p.fail("amount_too_large", "line_items", "The Checkout Session's total amount due is too large.")
			return
		}
		total += item.AmountTotal
		s.Kept.Items = append(s.Kept.Items, item)
	}
	s.Currency, s.AmountSubtotal, s.AmountTotal = &currency, &total, &total
	checkTotal(p, total, currency)
}

func readItem(c *call, p *params) sessionItem {
	if price := p.string("price"); price != "" {
		p.fail("resource_missing", "price", "No such price: '%s'", price)
	}
	p.ignore("adjustable_quantity")
	quantity, sent := p.integer("quantity")
	if !sent || quantity < 1 {
		p.fail("parameter_missing", "quantity", "Quantity is required. Add `quantity` to `%s`", p.prefix)
		quantity = 1
	}
	item := sessionItem{ID: newID("li"), Object: "item", Quantity: quantity}
	data := p.hash("price_data")
	if data == nil {
		p.fail("parameter_missing", "price_data", "You must specify either `price` or `price_data` for each line item.")
		return item
	}
	if data.has("recurring") {
		data.ignore("recurring")
		data.fail("", "recurring", "You must provide at least one recurring price in `subscription` mode when using prices.")
	}
	product := data.hash("product_data")
	if product == nil {
		data.fail("parameter_missing", "product_data", "You must specify either `product` or `product_data` when creating a price.")
	} else {
		item.Description = product.require("name")
		product.ignore("description", "images", "metadata", "tax_code")
	}
	behavior := data.enum("tax_behavior", "exclusive", "inclusive", "unspecified")
	if behavior == "" {
		behavior = "unspecified"
	}
	unit := readUnitAmount(data)
	item.Currency = data.readCurrency(data.require("currency"))
	if unit > 0 && quantity > math.MaxInt64/unit {
		p.fail("amount_too_large", "quantity", "The line's amount is too large.")
		quantity = 1
	}
	item.AmountSubtotal = unit * quantity
	item.AmountTotal = item.AmountSubtotal
	item.Price = itemPrice{
		ID: newID("price"), Object: "price", BillingScheme: "per_unit", Created: c.seconds(),
		Currency: item.Currency, Metadata: map[string]string{}, Product: "prod_" + random(14),
		TaxBehavior: behavior, Type: "one_time", UnitAmount: unit, UnitAmountDecimal: strconv.FormatInt(unit, 10),
	}
	return item
}

// readUnitAmount reads whole minor units, also where they come as a decimal.
func readUnitAmount(p *params) int64 {
	if text := p.string("unit_amount_decimal"); text != "" {
		amount, err := strconv.ParseInt(text, 10, 64)
		if err != nil || amount < 0 {
			p.fail("", "unit_amount_decimal", "Invalid decimal: %s; this server takes whole minor units only", text)
		}
		return max(0, amount)
	}
	amount := p.requireInteger("unit_amount")
	if amount < 0 {
		p.fail("parameter_invalid_integer", "unit_amount", "Invalid non-negative integer")
	}
	return max(0, amount)
}

// checkTotal holds the sum to what the currency allows for one payment.
func checkTotal(p *params, total int64, currency string) {
	if least, known := minimums[currency]; known && total < least {
		p.fail("amount_too_small", "line_items", "The Checkout Session's total amount due must add up to at least %s", money(least, currency))
		return
	}
	p.checkAmount("line_items", total, currency)
}
