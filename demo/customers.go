package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/sync/errgroup"

	"remit"
	"remit/apiclient"
)

// Test cards of Stripe's (docs.stripe.com/testing).
const (
	cardPays       = "4242424242424242"
	cardDeclines   = "4000000000000341" // can be saved, and declines every charge
	cardMastercard = "5555555555554444"
	cardAmex       = "378282246310005"
)

// atOnce is how many customers or invoices are made at a time.
const atOnce = 4

// debtor is a customer of the demo.
type debtor struct {
	id     string // in the business's own files
	branch string
	name   string
	email  string
	person string // whose name is on the card
	card   string // "" for none saved
}

// debtors are all customers. Each has one card at most, so that it is plain
// what paying with it comes to.
var debtors = []debtor{
	{"bakery", BranchA, "Harbor Street Bakery", "office@harborstreet.test", "Nina Torres", cardPays},
	{"dental", BranchA, "Meridian Dental Group", "billing@meridiandental.test", "Owen Clarke", cardPays},
	{"property", BranchA, "Oakline Property Management", "ap@oakline.test", "Priya Shah", cardPays},
	{"physio", BranchA, "Summit Physical Therapy", "accounts@summitpt.test", "Marcus Lee", cardPays},
	{"vet", BranchA, "Lakeside Veterinary Clinic", "desk@lakesidevet.test", "Julia Brandt", cardPays},
	{"logistics", BranchA, "Copperfield Logistics", "payables@copperfield.test", "Dan Kowalski", cardDeclines},
	{"events", BranchA, "Brightwater Events", "hello@brightwater.test", "Sofia Marin", cardDeclines},
	{"theatre", BranchA, "Fulton Street Theatre", "finance@fultonstreet.test", "Grace Okafor", ""},
	{"school", BranchA, "Pinecrest School District", "purchasing@pinecrest.test", "Tom Becker", cardMastercard},
	{"hotel", BranchB, "Bayfront Hotel", "accounts@bayfront.test", "Laura Chen", cardPays},
	{"gym", BranchB, "Ironworks Fitness", "billing@ironworks.test", "Jamal Wright", cardPays},
	{"law", BranchB, "Whitfield & Lowe LLP", "ap@whitfieldlowe.test", "Helen Lowe", cardAmex},
	{"cafe", BranchB, "Little Fox Café", "hi@littlefox.test", "Mia Larsen", cardDeclines},
	{"museum", BranchB, "Museum of the River", "finance@rivermuseum.test", "Peter Abrams", ""},
}

// customers makes the customers and saves their cards on hosted pages.
func (s *seeder) customers(ctx context.Context) error {
	known, err := s.knownCustomers(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, d := range debtors {
		group.Go(func() error {
			id, found := known[d.id]
			if !found {
				var err error
				if id, err = s.createCustomer(ctx, d); err != nil {
					return fmt.Errorf("customer %s: %w", d.name, err)
				}
			}
			if err := s.saveCard(ctx, d, id); err != nil {
				return fmt.Errorf("card of %s: %w", d.name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// knownCustomers are the ids of the demo's customers by the ids they have here.
func (s *seeder) knownCustomers(ctx context.Context) (map[string]string, error) {
	list, err := apiclient.All[struct {
		ID       string
		External *string `json:"external_id"`
	}](ctx, s.admin, "/v1/customers", top())
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, c := range list {
		if c.External != nil {
			known[*c.External] = c.ID
		}
	}
	return known, nil
}

func (s *seeder) createCustomer(ctx context.Context, d debtor) (string, error) {
	var made struct{ ID string }
	err := s.admin.Do(ctx, apiclient.Request{
		Method: http.MethodPost, Path: "/v1/customers",
		Body: map[string]string{"organisation": d.branch, "name": d.name, "email": d.email, "external_id": d.id},
	}, &made)
	return made.ID, err
}

// method is a saved way to pay.
type method struct {
	ID     string
	Last4  string
	Status string
}

// saveCard types the customer's card on the hosted page, as he would.
func (s *seeder) saveCard(ctx context.Context, d debtor, id string) error {
	if d.card == "" {
		return nil
	}
	if _, err := s.methodOf(ctx, s.admin, id); err == nil {
		return nil
	}
	var page struct{ URL string }
	err := s.admin.Do(ctx, apiclient.Request{
		Method: http.MethodPost, Path: "/v1/customers/" + url.PathEscape(id) + "/payment-methods", Body: map[string]string{},
	}, &page)
	if err != nil {
		return err
	}
	if err := s.typeCard(ctx, page.URL, d, d.card); err != nil {
		return err
	}
	_, err = s.methodOf(ctx, s.admin, id) // looks at the page's outcome
	return err
}

// methodOf is the customer's usable method. Returns [remit.CodeNotFound].
func (s *seeder) methodOf(ctx context.Context, as *apiclient.Client, customer string) (method, error) {
	methods, err := apiclient.All[method](ctx, as, "/v1/customers/"+url.PathEscape(customer)+"/payment-methods", nil)
	if err != nil {
		return method{}, err
	}
	for _, m := range methods {
		if m.Status == string(remit.MethodUsable) {
			return m, nil
		}
	}
	return method{}, &apiclient.ProblemError{Status: http.StatusNotFound, Code: remit.CodeNotFound, Detail: "No usable method."}
}
