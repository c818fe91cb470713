package sandbox

// accountController is who answers for an account to Stripe
// (docs.stripe.com/connect/migrate-to-controller-properties). An account that
// controls itself says no more than that.
type accountController struct {
	Fees                  *controllerFees      `json:"fees,omitempty"`
	IsController          *bool                `json:"is_controller,omitempty"`
	Losses                *controllerLosses    `json:"losses,omitempty"`
	RequirementCollection string               `json:"requirement_collection,omitempty"`
	StripeDashboard       *controllerDashboard `json:"stripe_dashboard,omitempty"`
	Type                  string               `json:"type"`
}

type controllerFees struct {
	Payer string `json:"payer"`
}

type controllerLosses struct {
	Payments string `json:"payments"`
}

type controllerDashboard struct {
	Type string `json:"type"`
}

// controlledBy is the controller of an account that a platform makes.
func controlledBy(payer, losses, collection, dashboard string) accountController {
	yes := true
	return accountController{
		Type: "application", IsController: &yes, Fees: &controllerFees{payer}, Losses: &controllerLosses{losses},
		RequirementCollection: collection, StripeDashboard: &controllerDashboard{dashboard},
	}
}

// controllersByType are what the older parameter type stands for.
var controllersByType = map[string]accountController{
	"standard": controlledBy("account", "stripe", "stripe", "full"),
	"express":  controlledBy("application_express", "application", "stripe", "express"),
	"custom":   controlledBy("application_custom", "application", "application", "none"),
}

// dashboard is the kind of dashboard that Stripe gives the account's owner.
func (a *account) dashboard() string {
	if a.Controller.StripeDashboard == nil {
		return "full"
	}
	return a.Controller.StripeDashboard.Type
}

// readController reads type or controller of an account that is made.
func (p *params) readController() (kind string, c accountController) {
	kind = p.enum("type", "standard", "express", "custom")
	h := p.hash("controller")
	if h == nil {
		if kind == "" {
			kind = "standard" // the default of this API version
		}
		return kind, controllersByType[kind]
	}
	if kind != "" {
		p.fail("parameters_exclusive", "type", "You may only specify one of these parameters: type, controller.")
	}
	choice := func(hash, field, otherwise string, allowed ...string) string {
		if value := h.hash(hash).enumOf(field, allowed...); value != "" {
			return value
		}
		return otherwise
	}
	payer := choice("fees", "payer", "account", "account", "application")
	losses := choice("losses", "payments", "stripe", "application", "stripe")
	dashboard := choice("stripe_dashboard", "type", "full", "express", "full", "none")
	collection := h.enum("requirement_collection", "application", "stripe")
	if collection == "" {
		collection = "stripe"
	}
	switch {
	case dashboard == "express" && payer == "account" && losses == "stripe":
		h.fail("", "stripe_dashboard", "When `controller[fees][payer]=account` and `controller[losses][payments]=stripe`, `controller[stripe_dashboard][type]` cannot be `express`.")
	case collection == "application" && (losses != "application" || dashboard != "none"):
		h.fail("", "requirement_collection", "`controller[requirement_collection]=application` needs `controller[losses][payments]=application` and `controller[stripe_dashboard][type]=none`.")
	case losses == "application" && payer == "account":
		h.fail("", "losses", "`controller[losses][payments]=application` needs `controller[fees][payer]=application`.")
	}
	return "none", controlledBy(payer, losses, collection, dashboard)
}

// enumOf is enum of a hash that may be absent.
func (p *params) enumOf(field string, allowed ...string) string {
	if p == nil {
		return ""
	}
	return p.enum(field, allowed...)
}
