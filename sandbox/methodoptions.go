package sandbox

import "maps"

// readMethodOptions merges payment_method_options into a copy of was. Of a
// card's, only the wish for 3-D Secure is known here; the others would change
// how it is charged and are refused. Options of types that this account does
// not offer are taken and mean nothing, as with Stripe.
func (p *params) readMethodOptions(was map[string]any) map[string]any {
	h := p.hash("payment_method_options")
	if h == nil {
		return was
	}
	h.ignore("us_bank_account", "link")
	wish := h.hash("card").enum("request_three_d_secure", "automatic", "any", "challenge")
	card, offered := was["card"].(map[string]any)
	if wish == "" || !offered {
		return was
	}
	card = maps.Clone(card)
	card["request_three_d_secure"] = wish
	is := maps.Clone(was)
	is["card"] = card
	return is
}
