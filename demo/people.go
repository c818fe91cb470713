package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"remit"
	"remit/apiclient"
	"remit/commands"
	"remit/policies"
	"remit/postgres"
)

// Person is somebody who can sign in to the demo, with the password
// [credentials.DemoPassword].
type Person struct {
	Email string
	Name  string
	Role  string
	Path  string
	May   string // in a few words, for whoever tries the demo
}

// Administrator is the demo's first person; the others are made by him.
var Administrator = Person{postgres.DemoAddress("admin"), "Alex Reed", policies.RoleOwner, Top, "may do everything"}

// payerA and payerB pay the invoices of their branches.
var (
	payerA = Person{postgres.DemoAddress("payer.a"), "Ana Ortiz", policies.RoleInvoicePayers, BranchA, "pays for Branch A"}
	payerB = Person{postgres.DemoAddress("payer.b"), "Ben Cole", policies.RoleInvoicePayers, BranchB, "pays for Branch B"}
)

// managerB decides about what payerB may not pay alone.
var managerB = Person{postgres.DemoAddress("manager.b"), "Eva Lind", policies.RoleAdministrator, BranchB, "runs Branch B, approves its payments above $7,000"}

// People are all who can sign in.
func People() []Person {
	return []Person{
		Administrator, payerA, payerB, managerB,
		{postgres.DemoAddress("clerk"), "Clara Diaz", policies.RoleClerks, BranchA, "sees Branch A's work items, cannot pay"},
		{postgres.DemoAddress("viewer"), "Vic Young", policies.RoleViewer, Top, "sees Stripe and invoices, changes nothing"},
	}
}

// Client is somebody of a customer's: he sees and pays what that one owes.
var Client = Person{Email: postgres.DemoAddress("client"), Name: "Nina Torres", May: "customer of Branch A, sees and pays its own invoices"}

// client binds the customer's user to his customer.
func (s *seeder) client(ctx context.Context) error {
	known, err := s.knownCustomers(ctx)
	if err != nil {
		return err
	}
	customer, err := uuid.Parse(known[debtors[0].id])
	if err != nil {
		return fmt.Errorf("the demo's customer %s: %w", debtors[0].name, err)
	}
	_, err = s.Commands.CreateDemoUser(ctx, commands.DemoUser{Organisation: Top, Email: Client.Email, Name: Client.Name, CustomerID: &customer})
	return err
}

// people makes the organisations, the accounts and their grants.
func (s *seeder) people(ctx context.Context) error {
	today, err := s.today()
	if err != nil {
		return err
	}
	err = s.Commands.CreateDemoTenant(ctx, commands.OrganisationInput{
		Path: Top, Name: "Dev V51", TimeZone: zone, Currency: "USD", Clock: &today,
	})
	if err != nil {
		return err
	}
	_, err = s.Commands.CreateDemoUser(ctx, commands.DemoUser{
		Organisation: Top, Email: Administrator.Email, Name: Administrator.Name,
		Grants: []commands.GrantInput{{Role: Administrator.Role, Path: Administrator.Path}},
	})
	if err != nil {
		return err
	}
	if s.admin, err = s.signIn(ctx, Administrator.Email); err != nil {
		return err
	}
	if err := s.branches(ctx); err != nil {
		return err
	}
	return s.admit(ctx, People()...)
}

// admit gives people their accounts and roles.
func (s *seeder) admit(ctx context.Context, people ...Person) error {
	grants, err := apiclient.All[struct {
		Email string `json:"user_email"`
		Role  string
		Path  string
	}](ctx, s.admin, "/v1/grants", top())
	if err != nil {
		return err
	}
	has := map[Person]bool{}
	for _, g := range grants {
		has[Person{Email: g.Email, Role: g.Role, Path: g.Path}] = true
	}
	for _, p := range people {
		if has[Person{Email: p.Email, Role: p.Role, Path: p.Path}] {
			continue
		}
		if _, err := s.Commands.CreateDemoUser(ctx, commands.DemoUser{Organisation: Top, Email: p.Email, Name: p.Name}); err != nil {
			return err
		}
		err := s.admin.Do(ctx, apiclient.Request{
			Method: http.MethodPost, Path: "/v1/grants", Body: map[string]string{"user": p.Email, "role": p.Role, "path": p.Path},
		}, nil)
		if err != nil && !apiclient.IsCode(err, remit.CodeAlreadyExists) {
			return err
		}
	}
	return nil
}

func (s *seeder) branches(ctx context.Context) error {
	for path, name := range map[string]string{BranchA: "Branch A", BranchB: "Branch B"} {
		err := s.admin.Do(ctx, apiclient.Request{
			Method: http.MethodPost, Path: "/v1/organisations", Body: map[string]string{"path": path, "name": name},
		}, nil)
		if err != nil && !apiclient.IsCode(err, remit.CodeAlreadyExists) {
			return err
		}
	}
	return nil
}

// top asks for what belongs to the demo's tenant.
func top() url.Values { return at(Top) }

// at asks for what belongs to an organisation.
func at(path string) url.Values { return url.Values{"organisation": {path}} }
