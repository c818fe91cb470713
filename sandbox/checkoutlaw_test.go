package sandbox_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
	"pgregory.net/rapid"
)

// Whatever a person and the seller do in whatever order, a session is charged
// at most once; it is complete exactly if its intent succeeded, and an expired
// one leaves no intent alive.
func TestCheckoutChargesAtMostOnce(t *testing.T) {
	b := open(t)
	cards := []string{
		"4242424242424242", "4000000000000002", "4000000000009995", "4000002760003184",
		"4000008400001629", "4000002500003155", "5555555555554444",
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := b.session(sessionParams())
		challenge := ""
		form := b.visit(s.URL).fill(cards[0])
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"card", "again", "bank", "expire", "look"}).Draw(rt, "step") {
			case "card":
				form = b.visit(s.URL).fill(rapid.SampledFrom(cards).Draw(rt, "card"))
				if end := b.post(s.URL, form); strings.Contains(end.to, "/_hosted/3ds/") {
					challenge = end.to
				}
			case "again":
				b.post(s.URL, form)
			case "bank":
				if challenge != "" {
					outcome := rapid.SampledFrom([]string{"complete", "fail"}).Draw(rt, "outcome")
					b.post(challenge, map[string][]string{"outcome": {outcome}})
				}
			case "expire":
				// Refused once the session is complete; the law below says so.
				_, _ = b.CheckoutSessions.Expire(s.ID, nil)
			case "look":
				b.visit(s.URL)
			}
			b.checkLaw(rt, s)
		}
	})
}

func (b *stand) checkLaw(rt *rapid.T, s *stripe.CheckoutSession) {
	now := b.reload(s)
	pi, paid := now.PaymentIntent, 0
	if pi != nil {
		for list := b.Charges.List(&stripe.ChargeListParams{PaymentIntent: stripe.String(pi.ID)}); list.Next(); {
			if list.Charge().Paid {
				paid++
			}
		}
	}
	complete := pi != nil && pi.Status == "succeeded"
	switch {
	case paid > 1:
		rt.Fatalf("%d charges", paid)
	case complete != (now.Status == "complete") || complete != (paid == 1) || complete != (now.PaymentStatus == "paid"):
		rt.Fatalf("session %s, %s, %d charges, intent %+v", now.Status, now.PaymentStatus, paid, pi)
	case now.Status == "expired" && pi != nil && pi.Status != "canceled":
		rt.Fatalf("an expired session's intent is %s", pi.Status)
	case (now.URL == "") != (now.Status != "open"):
		rt.Fatalf("a session that is %s has the address %q", now.Status, now.URL)
	}
}

// Every page works without script and under a strict policy: nothing inline,
// one style sheet, a label for each field.
func TestPagesAreStrictAndLabelled(t *testing.T) {
	b := open(t)
	p := sessionParams()
	offerSave(b, p)
	s := b.session(p)
	pages := map[string]shown{"open": b.visit(s.URL), "declined": b.checkout(s, "4000000000000002")}
	challenge := b.checkout(s, "4000002760003184").to
	pages["challenge"] = b.visit(challenge)
	b.post(challenge, map[string][]string{"outcome": {"complete"}})
	pages["paid"], pages["confirmed before"] = b.visit(s.URL), b.visit(challenge)
	pages["unknown"] = b.visit(b.web.URL + "/_hosted/checkout/cs_test_none")
	inputs := regexp.MustCompile(`<input id="([^"]+)"|<input type="checkbox" id="([^"]+)"`)
	for name, page := range pages {
		policy := page.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "style-src 'self';") {
			t.Errorf("%s: policy %q", name, policy)
		}
		for _, banned := range []string{"<script", "<style", " style=", " onclick="} {
			if strings.Contains(page.page, banned) {
				t.Errorf("%s holds %s", name, banned)
			}
		}
		if !strings.Contains(page.page, `<html lang="en">`) || !strings.Contains(page.page, "<h1") {
			t.Errorf("%s has no language or no heading", name)
		}
		for _, match := range inputs.FindAllStringSubmatch(page.page, -1) {
			if id := match[1] + match[2]; !strings.Contains(page.page, `<label for="`+id+`"`) {
				t.Errorf("%s: %s has no label", name, id)
			}
		}
	}
	if css := b.visit(b.web.URL + "/_hosted/page.css"); !strings.HasPrefix(css.header.Get("Content-Type"), "text/css") {
		t.Errorf("the style sheet is %s", css.header.Get("Content-Type"))
	}
}

// Whoever presses the bank's button twice is led back twice, and charged once.
func TestChallengeTwiceLeadsBackTwice(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	challenge := b.checkout(s, "4000002760003184").to
	for range 2 {
		if back := b.post(challenge, map[string][]string{"outcome": {"complete"}}); !strings.Contains(back.to, "/return?") {
			t.Errorf("led to %q", back.to)
		}
	}
	if paid := slices.DeleteFunc(b.eventTypes(), func(e string) bool { return e != "charge.succeeded" }); len(paid) != 1 {
		t.Errorf("%d charges", len(paid))
	}
}
