package sandbox

import (
	"maps"
	"slices"
)

// readMethodOptions merges payment_method_options into a copy of was. Of a
// card's, only the wish for 3-D Secure is known here; the others would change
// how it is charged and are refused. Options of types that this account does
// not offer are taken and mean nothing, as with Stripe.
func (p *params) readMethodOptions(was map[string]any) map[string]any {
	h := p.hash("payment_method_options")
	if h == nil {
		return was
	}
	h.ignore("link")
	was = p.readBankOptions(h, was)
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

// readBankOptions merges what is said of bank debits, which decides how an
// account is verified and in what way its owner gave the permission.
func (p *params) readBankOptions(options *params, was map[string]any) map[string]any {
	h := options.hash(usBankAccount)
	if h == nil {
		return was
	}
	method := h.enum("verification_method", "automatic", "instant", "microdeposits")
	collection := h.hash("mandate_options").enum("collection_method", "", "paper")
	speed := h.enum("preferred_settlement_speed", "", "fastest", "standard")
	usage := h.enum("setup_future_usage", "", "none", "off_session", "on_session")
	links := h.hash("financial_connections").readLinks()
	h.ignore("target_date")
	bank, offered := was[usBankAccount].(map[string]any)
	if !offered {
		return was
	}
	bank = maps.Clone(bank)
	for field, value := range map[string]string{"verification_method": method, "preferred_settlement_speed": speed, "setup_future_usage": usage} {
		if value != "" {
			bank[field] = value
		}
	}
	if collection != "" {
		bank["mandate_options"] = map[string]any{"collection_method": collection}
	}
	if links != nil {
		bank["financial_connections"] = links
	}
	is := maps.Clone(was)
	is[usBankAccount] = bank
	return is
}

// linkPermissions are what a seller may ask to see of an account.
var linkPermissions = []string{"balances", "ownership", "payment_method", "transactions"}

// readLinks takes the wishes about signing in at the bank, nil if there are none.
func (p *params) readLinks() map[string]any {
	if p == nil {
		return nil
	}
	links := map[string]any{"prefetch": p.strings("prefetch")}
	p.ignore("filters")
	if to := p.string("return_url"); to != "" {
		links["return_url"] = to
	}
	permissions := p.strings("permissions")
	for _, name := range permissions {
		if !slices.Contains(linkPermissions, name) {
			p.fail("", "permissions", "Invalid %s: must be one of %s", p.name("permissions"), orList(linkPermissions))
		}
	}
	if permissions != nil {
		links["permissions"] = permissions
	}
	if links["prefetch"].([]string) == nil {
		links["prefetch"] = nil
	}
	return links
}
