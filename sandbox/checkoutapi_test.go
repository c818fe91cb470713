package sandbox_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"
)

func TestCheckoutExpires(t *testing.T) {
	for name, end := range map[string]func(*stand, *stripe.CheckoutSession){
		"asked": func(b *stand, s *stripe.CheckoutSession) {
			if _, err := b.CheckoutSessions.Expire(s.ID, nil); err != nil {
				b.t.Fatal(err)
			}
		},
		"clock": func(b *stand, _ *stripe.CheckoutSession) { b.advance(1) },
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			s := b.session(sessionParams())
			form := b.visit(s.URL).fill("4242424242424242")
			b.checkout(s, "4000000000000002")
			end(b, s)
			now := b.reload(s)
			if now.Status != "expired" || now.URL != "" || now.PaymentIntent.Status != "canceled" {
				t.Errorf("the session: %+v", now)
			}
			types := b.eventTypes()
			if !slices.Contains(types, "checkout.session.expired") || !slices.Contains(types, "payment_intent.canceled") {
				t.Errorf("events: %v", types)
			}
			late := b.post(s.URL, form)
			if late.status != http.StatusGone || !strings.Contains(late.page, "expired") || !strings.Contains(late.page, "https://seller.example/invoice") {
				t.Errorf("a late submit: %d %s", late.status, late.page)
			}
			if _, err := b.CheckoutSessions.Expire(s.ID, nil); !isInvalid(err, "", "can be expired") {
				t.Errorf("expired twice: %v", err)
			}
		})
	}
}

func TestCheckoutRefusesWhatStripeRefuses(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	b.checkout(s, "4000000000000002")
	pi := b.reload(s).PaymentIntent
	if _, err := b.PaymentIntents.Cancel(pi.ID, nil); !isInvalid(err, "payment_intent_unexpected_state", "Checkout Session") {
		t.Errorf("cancel of a session's intent: %v", err)
	}
	b.checkout(s, "4242424242424242")
	if _, err := b.CheckoutSessions.Expire(s.ID, nil); !isInvalid(err, "", "status of complete") {
		t.Errorf("expire of a complete session: %v", err)
	}
	if _, err := b.CheckoutSessions.Get("cs_test_none", nil); !isInvalid(err, "resource_missing", "No such checkout.session") {
		t.Errorf("an unknown session: %v", err)
	}
	if gone := b.visit(b.web.URL + "/_hosted/checkout/cs_test_none"); gone.status != http.StatusNotFound {
		t.Errorf("the page of an unknown session: %d", gone.status)
	}
}

func isInvalid(err error, code stripe.ErrorCode, words string) bool {
	var e *stripe.Error
	return errors.As(err, &e) && e.Type == stripe.ErrorTypeInvalidRequest && e.Code == code && strings.Contains(e.Msg, words)
}

func TestCheckoutCreateRefusals(t *testing.T) {
	b := open(t)
	for _, c := range []struct {
		param  string
		change func(*stripe.CheckoutSessionParams)
	}{
		{"mode", func(p *stripe.CheckoutSessionParams) { p.Mode = nil }},
		{"mode", func(p *stripe.CheckoutSessionParams) { p.Mode = stripe.String("subscription") }},
		{"success_url", func(p *stripe.CheckoutSessionParams) { p.SuccessURL = nil }},
		{"success_url", func(p *stripe.CheckoutSessionParams) { p.SuccessURL = stripe.String("seller.example") }},
		{"cancel_url", func(p *stripe.CheckoutSessionParams) { p.CancelURL = stripe.String("ftp://seller.example") }},
		{"line_items", func(p *stripe.CheckoutSessionParams) { p.LineItems = nil }},
		{"line_items", func(p *stripe.CheckoutSessionParams) { p.LineItems[0].PriceData.Currency = stripe.String("eur") }},
		{"line_items", func(p *stripe.CheckoutSessionParams) {
			p.LineItems = p.LineItems[1:]
			p.LineItems[0].PriceData.UnitAmount = stripe.Int64(49)
		}},
		{"line_items[0][quantity]", func(p *stripe.CheckoutSessionParams) { p.LineItems[0].Quantity = nil }},
		{"line_items[0][price_data][unit_amount]", func(p *stripe.CheckoutSessionParams) { p.LineItems[0].PriceData.UnitAmount = stripe.Int64(-1) }},
		{"line_items[1][price_data][product_data][name]", func(p *stripe.CheckoutSessionParams) { p.LineItems[1].PriceData.ProductData.Name = stripe.String("") }},
		{"expires_at", func(p *stripe.CheckoutSessionParams) {
			p.ExpiresAt = stripe.Int64(time.Now().Add(29 * time.Minute).Unix())
		}},
		{"expires_at", func(p *stripe.CheckoutSessionParams) {
			p.ExpiresAt = stripe.Int64(time.Now().Add(25 * time.Hour).Unix())
		}},
		{"payment_method_types", func(p *stripe.CheckoutSessionParams) {
			p.PaymentMethodTypes = stripe.StringSlice([]string{"card", "sepa_debit"})
		}},
		{"customer", func(p *stripe.CheckoutSessionParams) { p.Customer = stripe.String("cus_none") }},
		{"customer", func(p *stripe.CheckoutSessionParams) {
			p.Customer, p.CustomerEmail = stripe.String("cus_none"), stripe.String("a@b.example")
		}},
		{"customer_email", func(p *stripe.CheckoutSessionParams) { p.CustomerEmail = stripe.String("nobody") }},
		{"client_reference_id", func(p *stripe.CheckoutSessionParams) {
			p.ClientReferenceID = stripe.String(strings.Repeat("x", 201))
		}},
		{"payment_intent_data[application_fee_amount]", func(p *stripe.CheckoutSessionParams) {
			p.PaymentIntentData.ApplicationFeeAmount = stripe.Int64(10)
		}},
		{"saved_payment_method_options", func(p *stripe.CheckoutSessionParams) {
			p.SavedPaymentMethodOptions = &stripe.CheckoutSessionSavedPaymentMethodOptionsParams{PaymentMethodSave: stripe.String("enabled")}
		}},
		{"colour", func(p *stripe.CheckoutSessionParams) { p.AddExtra("colour", "red") }},
	} {
		p := sessionParams()
		c.change(p)
		_, err := b.CheckoutSessions.New(p)
		var e *stripe.Error
		if !errors.As(err, &e) || e.Param != c.param {
			t.Errorf("%s: got %v", c.param, err)
		}
	}
}

func TestCheckoutLife(t *testing.T) {
	b := open(t)
	for _, life := range []time.Duration{31 * time.Minute, 23 * time.Hour} {
		p := sessionParams()
		p.ExpiresAt = stripe.Int64(time.Now().Add(life).Unix())
		if s := b.session(p); s.ExpiresAt != *p.ExpiresAt {
			t.Errorf("expires_at is %d, want %d", s.ExpiresAt, *p.ExpiresAt)
		}
	}
	if s := b.session(sessionParams()); s.ExpiresAt-s.Created != 24*60*60 {
		t.Errorf("the standard life is %d s", s.ExpiresAt-s.Created)
	}
}

func TestCheckoutLists(t *testing.T) {
	b := open(t)
	who := b.customer()
	p := sessionParams()
	p.Customer = stripe.String(who)
	mine, other := b.session(p), b.session(sessionParams())
	b.checkout(mine, "4242424242424242")
	paid := b.reload(mine)
	for name, list := range map[string]*stripe.CheckoutSessionListParams{
		"intent":   {PaymentIntent: stripe.String(paid.PaymentIntent.ID)},
		"customer": {Customer: stripe.String(who)},
		"status":   {Status: stripe.String("complete")},
		"email":    {CustomerDetails: &stripe.CheckoutSessionListCustomerDetailsParams{Email: stripe.String("payer@example.com")}},
	} {
		var ids []string
		for found := b.CheckoutSessions.List(list); found.Next(); {
			ids = append(ids, found.CheckoutSession().ID)
		}
		if !slices.Equal(ids, []string{mine.ID}) {
			t.Errorf("by %s: %v, want %s and not %s", name, ids, mine.ID, other.ID)
		}
	}
	var names []string
	lines := &stripe.CheckoutSessionListLineItemsParams{Session: stripe.String(mine.ID)}
	lines.Limit = stripe.Int64(1)
	for found := b.CheckoutSessions.ListLineItems(lines); found.Next(); {
		names = append(names, found.LineItem().Description)
	}
	if !slices.Equal(names, []string{"Hosting <b>", "Support"}) || len(paid.LineItems.Data) != 2 {
		t.Errorf("lines: %v, expanded %d", names, len(paid.LineItems.Data))
	}
}
