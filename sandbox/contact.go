package sandbox

// address is a postal address (docs.stripe.com/api: address hashes).
type address struct {
	City       *string `json:"city"`
	Country    *string `json:"country"`
	Line1      *string `json:"line1"`
	Line2      *string `json:"line2"`
	PostalCode *string `json:"postal_code"`
	State      *string `json:"state"`
}

// readAddress merges the parameter into a copy of was; sent empty it is nil.
func (p *params) readAddress(field string, was *address) *address {
	if !p.has(field) {
		return was
	}
	h := p.hash(field)
	if h.empty() {
		return nil
	}
	a := address{}
	if was != nil {
		a = *was
	}
	h.nullable("city", &a.City)
	h.nullable("country", &a.Country)
	h.nullable("line1", &a.Line1)
	h.nullable("line2", &a.Line2)
	h.nullable("postal_code", &a.PostalCode)
	h.nullable("state", &a.State)
	return &a
}

// empty reports a hash that was sent as an empty string.
func (p *params) empty() bool { return len(p.node.kids) == 0 }

// shipping is where goods go and to whom.
type shipping struct {
	Address        *address `json:"address"`
	Carrier        *string  `json:"carrier"`
	Name           *string  `json:"name"`
	Phone          *string  `json:"phone"`
	TrackingNumber *string  `json:"tracking_number"`
}

func (p *params) readShipping(was *shipping) *shipping {
	if !p.has("shipping") {
		return was
	}
	h := p.hash("shipping")
	if h.empty() {
		return nil
	}
	s := shipping{}
	if !h.has("address") {
		h.fail("parameter_missing", "address", "Missing required param: %s.", h.name("address"))
	}
	s.Address = h.readAddress("address", nil)
	name := h.require("name")
	s.Name = &name
	h.nullable("carrier", &s.Carrier)
	h.nullable("phone", &s.Phone)
	h.nullable("tracking_number", &s.TrackingNumber)
	return &s
}

// billingDetails are whose payment method it is.
type billingDetails struct {
	Address address `json:"address"`
	Email   *string `json:"email"`
	Name    *string `json:"name"`
	Phone   *string `json:"phone"`
}

func (p *params) readBillingDetails(was billingDetails) billingDetails {
	h := p.hash("billing_details")
	if h == nil {
		return was
	}
	if a := h.readAddress("address", &was.Address); a != nil {
		was.Address = *a
	} else {
		was.Address = address{}
	}
	h.nullable("email", &was.Email)
	h.nullable("name", &was.Name)
	h.nullable("phone", &was.Phone)
	return was
}
