package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

// ageBody says how old figures of Stripe's are, and whether newer ones are on
// their way.
type ageBody struct {
	AsOf       *time.Time `json:"as_of"`
	Refreshing bool       `json:"refreshing"`
	Trouble    *string    `json:"trouble"`
}

func ageOf(s remit.DashboardState) ageBody {
	return ageBody{AsOf: utc(s.FreshAt), Refreshing: s.Coming(), Trouble: orNull(s.Failure)}
}

// figuresBody is a page of figures with their age.
type figuresBody[T any] struct {
	ageBody
	Data []T     `json:"data"`
	Next *string `json:"next"`
}

func figures[In, Out any](found commands.Stored[commands.List[In]], shape func(In) Out) figuresBody[Out] {
	page := listed(found.Is, shape)
	return figuresBody[Out]{ageOf(found.State), page.Data, page.Next}
}

func stripeAccount(c *call) (answer, error) {
	found, err := c.server.commands.StoredAccount(c.ctx(), c.caller, c.organisation())
	if err != nil {
		return answer{}, err
	}
	return ok(accountShape(found))
}

// accountBody is the connected account as Stripe described it last.
type accountBody struct {
	ageBody
	ID               string            `json:"id"`
	BusinessName     string            `json:"business_name"`
	Country          string            `json:"country"`
	DefaultCurrency  string            `json:"default_currency"`
	DetailsSubmitted bool              `json:"details_submitted"`
	ChargesEnabled   bool              `json:"charges_enabled"`
	PayoutsEnabled   bool              `json:"payouts_enabled"`
	DisabledReason   *string           `json:"disabled_reason"`
	Requirements     []requirementBody `json:"requirements"`
	PayoutInterval   *string           `json:"payout_interval"`
	PayoutDelayDays  int64             `json:"payout_delay_days"`
}

func accountShape(found commands.Stored[commands.DescribedAccount]) accountBody {
	a, f := found.Is, found.Is.Facts
	return accountBody{
		ageBody: ageOf(found.State), ID: a.ID, BusinessName: a.BusinessName, Country: a.Country, DefaultCurrency: a.DefaultCurrency,
		DetailsSubmitted: f.DetailsSubmitted, ChargesEnabled: f.ChargesEnabled, PayoutsEnabled: f.PayoutsEnabled,
		DisabledReason: orNull(f.DisabledReason), Requirements: requirements(f.Requirements()), PayoutInterval: orNull(a.Schedule.Interval), PayoutDelayDays: a.Schedule.DelayDays,
	}
}

func stripeBalance(c *call) (answer, error) {
	found, err := c.server.commands.StoredBalance(c.ctx(), c.caller, c.organisation())
	if err != nil {
		return answer{}, err
	}
	return ok(balanceShape(found))
}

type balanceBody struct {
	ageBody
	Data []balanceLine `json:"data"`
}

type balanceLine struct {
	Currency  string `json:"currency"`
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
}

func balanceShape(found commands.Stored[[]remit.BalanceFigure]) balanceBody {
	body := balanceBody{ageOf(found.State), make([]balanceLine, len(found.Is))}
	for n, b := range found.Is {
		body.Data[n] = balanceLine{Currency: b.Currency, Available: b.Available, Pending: b.Pending}
	}
	return body
}

func stripeBankAccounts(c *call) (answer, error) {
	found, err := c.server.commands.StoredBanks(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(figures(found, bankShape))
}

type bankBody struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	BankName string `json:"bank_name"`
	Last4    string `json:"last4"`
	Country  string `json:"country"`
	Currency string `json:"currency"`
	Default  bool   `json:"default"`
	Status   string `json:"status"`
}

func bankShape(b remit.PayoutBank) bankBody {
	return bankBody{ID: b.ID, Type: b.Kind, BankName: b.BankName, Last4: b.Last4, Country: b.Country, Currency: b.Currency, Default: b.Default, Status: b.Status}
}

func (c *call) figureFilter() commands.FigureFilter {
	from, _ := remit.ParseDate(c.text("from")) // the contract has looked at both
	until, _ := remit.ParseDate(c.text("until"))
	return commands.FigureFilter{
		Organisation: c.organisation(), Currency: c.text("currency"), From: from, Until: until,
		Kind: remit.MovementKind(c.text("type")), Payout: c.text("payout"), Status: remit.PayoutStatus(c.text("status")),
	}
}

func stripePayouts(c *call) (answer, error) {
	found, err := c.server.commands.StoredPayouts(c.ctx(), c.caller, c.figureFilter(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(figures(found, payoutShape))
}

type payoutBody struct {
	ID             string             `json:"id"`
	Amount         int64              `json:"amount"`
	Currency       string             `json:"currency"`
	Status         remit.PayoutStatus `json:"status"`
	ArrivalDate    remit.Date         `json:"arrival_date"`
	Automatic      bool               `json:"automatic"`
	BankAccount    *string            `json:"bank_account"`
	FailureCode    *string            `json:"failure_code"`
	FailureMessage *string            `json:"failure_message"`
	Unexplained    *int64             `json:"unexplained"`
	CreatedAt      time.Time          `json:"created_at"`
}

func payoutShape(p remit.Payout) payoutBody {
	return payoutBody{
		ID: p.ID, Amount: p.Amount, Currency: p.Currency, Status: p.Status, ArrivalDate: p.Arrives, Automatic: p.Automatic, BankAccount: orNull(p.BankID),
		FailureCode: orNull(p.FailureCode), FailureMessage: orNull(p.FailureMessage), Unexplained: p.Unexplained, CreatedAt: p.Created.UTC(),
	}
}

func stripeTransactions(c *call) (answer, error) {
	found, err := c.server.commands.StoredTransactions(c.ctx(), c.caller, c.figureFilter(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(figures(found, transactionShape))
}

type transactionBody struct {
	ID             string             `json:"id"`
	Type           remit.MovementKind `json:"type"`
	StripeType     string             `json:"stripe_type"`
	Currency       string             `json:"currency"`
	Amount         int64              `json:"amount"`
	Fee            int64              `json:"fee"`
	ApplicationFee int64              `json:"application_fee"`
	Net            int64              `json:"net"`
	AvailableOn    time.Time          `json:"available_on"`
	CreatedAt      time.Time          `json:"created_at"`
	Description    string             `json:"description"`
	Source         *string            `json:"source"`
	PaymentIntent  *string            `json:"payment_intent"`
	Payout         *string            `json:"payout"`
	InvoiceID      *uuid.UUID         `json:"invoice_id"`
	InvoiceNumber  *string            `json:"invoice_number"`
}

func transactionShape(t remit.StripeTransaction) transactionBody {
	return transactionBody{
		ID: t.ID, Type: t.Kind, StripeType: t.Type, Currency: t.Currency, Amount: t.Amount, Fee: t.Fee, ApplicationFee: t.ApplicationFee, Net: t.Net,
		AvailableOn: t.Available.UTC(), CreatedAt: t.Created.UTC(), Description: t.Description, Source: orNull(t.Source), PaymentIntent: orNull(t.Intent),
		Payout: orNull(t.Payout), InvoiceID: t.InvoiceID, InvoiceNumber: orNull(t.InvoiceNumber),
	}
}

func stripeCustomers(c *call) (answer, error) {
	found, err := c.server.commands.StoredCustomers(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(figures(found, stripeCustomerShape))
}

type stripeCustomerBody struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	CustomerID *uuid.UUID `json:"customer_id"`
	CreatedAt  time.Time  `json:"created_at"`
}

func stripeCustomerShape(k remit.StripeCustomer) stripeCustomerBody {
	return stripeCustomerBody{ID: k.ID, Name: k.Name, Email: k.Email, CustomerID: k.CustomerID, CreatedAt: k.Created.UTC()}
}

func stripeDashboardLink(c *call) (answer, error) {
	url, err := c.server.commands.DashboardLink(c.ctx(), c.caller, c.organisation())
	if err != nil {
		return answer{}, err
	}
	return ok(linkBody{URL: url})
}

type linkBody struct {
	URL string `json:"url"`
}

func refreshStripe(c *call) (answer, error) {
	state, err := c.server.commands.RefreshDashboard(c.ctx(), c.caller, c.organisation())
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted, body: ageOf(state)}, nil
}
