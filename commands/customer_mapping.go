package commands

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// MappingRow is one customer of a plan.
type MappingRow struct {
	Customer   remit.Customer
	Proposal   remit.MappingProposal
	Candidates []remit.MappingCandidate

	twins int
}

// MappingPlan is a page of a plan, and what the whole of it comes to.
type MappingPlan struct {
	List[MappingRow]

	Counts *MappingCounts // on the first page; nil on those after, and where counting takes too long
}

// MappingCounts are the customers of a whole plan by what is proposed for each, and how
// many of them have something that speaks against it.
type MappingCounts struct {
	Map, Create, Ignore, Conflicts int
}

// mappingMost is how many customers one import brings together.
const mappingMost = 20000

// A plan is counted so many customers at once, and for no longer than that.
const (
	countedAtOnce = 500
	countingTime  = 3 * time.Second
)

// PlanMapping lists the customers at a path and below who are not linked, with who at
// Stripe may be which, as its customers were read last, and a proposal for each (CU1).
// It shows the customers of the whole account, and so asks for the permission where the
// account is connected, at the top: a unit's own does not do.
func (c *Commands) PlanMapping(ctx context.Context, caller Caller, organisation string, page Page) (Stored[MappingPlan], error) {
	var plan Stored[MappingPlan]
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeAll)
	if err == nil {
		err = c.authorise(ctx, caller, member.Tenant, member.Path, remit.StripeAll)
	}
	if err != nil {
		return plan, err
	}
	live, err := c.mappingThrough(ctx, member.Tenant)
	if err != nil {
		return plan, err
	}
	_, after, err := page.after()
	if err != nil {
		return plan, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if plan.State, err = tx.Dashboard(ctx, figuresOf(live)); err != nil {
			return err
		}
		rows, err := planned(ctx, tx, figuresOf(live), path, after, page.limit()+1)
		plan.Is.List = cut(rows, page.limit(), func(r MappingRow) (string, uuid.UUID) { return customerKey(r.Customer) })
		return err
	})
	if err == nil && after == uuid.Nil {
		plan.Is.Counts, err = c.countPlan(ctx, member.Tenant, figuresOf(live), path)
	}
	if err == nil {
		err = c.blankTakers(ctx, caller, member.Tenant, plan.Is.Items)
	}
	if err == nil && plan.State.FreshAt == nil {
		err = c.hintDashboard(ctx, live)
	}
	return plan, err
}

// countPlan counts what a whole plan proposes, some hundred customers at a time; nil
// where that takes too long: the plan can be read without.
func (c *Commands) countPlan(ctx context.Context, tenant uuid.UUID, of postgres.DashboardOf, path string) (*MappingCounts, error) {
	var counts MappingCounts
	counted := false
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.GiveUpAfter(ctx, countingTime); err != nil {
			return err
		}
		after, until := uuid.Nil, c.Now().Add(countingTime)
		for seen := 0; seen <= mappingMost && !c.Now().After(until); seen += countedAtOnce {
			rows, err := planned(ctx, tx, of, path, after, countedAtOnce)
			if err != nil {
				return err
			}
			for _, row := range rows {
				counts.add(row.Proposal)
			}
			if len(rows) < countedAtOnce {
				counted = true
				return nil
			}
			after = rows[len(rows)-1].Customer.ID
		}
		return nil
	})
	switch {
	case postgres.GaveUp(err):
		c.Logger.WarnContext(ctx, "a mapping's plan was not counted: it takes too long", "path", path)
		return nil, nil
	case err != nil || !counted:
		return nil, err
	}
	return &counts, nil
}

func (m *MappingCounts) add(p remit.MappingProposal) {
	switch p.Action {
	case remit.MappingMap:
		m.Map++
	case remit.MappingCreate:
		m.Create++
	case remit.MappingIgnore:
		m.Ignore++
	}
	if len(p.Conflicts) > 0 {
		m.Conflicts++
	}
}

// blankTakers takes the names of customers out of a plan that its reader may not read.
// Whether he may is asked once for each organisation.
func (c *Commands) blankTakers(ctx context.Context, caller Caller, tenant uuid.UUID, rows []MappingRow) error {
	readable := map[string]bool{}
	for n := range rows {
		blanked := false
		for m := range rows[n].Candidates {
			k := &rows[n].Candidates[m]
			if k.TakenBy == "" {
				continue
			}
			may, asked := readable[k.TakenAt]
			if !asked {
				decision, err := c.can(ctx, caller, tenant, k.TakenAt, remit.CustomerRead)
				if err != nil {
					return err
				}
				may = decision.Allowed
				readable[k.TakenAt] = may
			}
			if !may {
				k.TakenBy, blanked = remit.SomebodyElse, true
			}
		}
		if blanked {
			rows[n].Proposal = remit.ProposeMapping(rows[n].Customer, rows[n].Candidates, rows[n].twins)
		}
	}
	return nil
}

// mappingThrough finds the connection in force.
func (c *Commands) mappingThrough(ctx context.Context, tenant uuid.UUID) (live *postgres.SealedConnection, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveConnection(ctx)
		return err
	})
	if err == nil && live == nil {
		err = remit.Conflict(remit.CodeNotConnected, "No Stripe account is connected. Connect one on Settings > Integrations > Stripe.")
	}
	return live, err
}

func planned(ctx context.Context, tx *postgres.Tx, of postgres.DashboardOf, path string, after uuid.UUID, limit int) ([]MappingRow, error) {
	customers, err := tx.Unmapped(ctx, of, path, after, limit)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(customers))
	for n, customer := range customers {
		ids[n] = customer.ID
	}
	candidates, err := tx.Candidates(ctx, of, customers)
	if err != nil {
		return nil, err
	}
	twins, err := tx.Twins(ctx, of, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]MappingRow, len(customers))
	for n, customer := range customers {
		found := candidates[customer.ID]
		rows[n] = MappingRow{Customer: customer, Candidates: found, Proposal: remit.ProposeMapping(customer, found, twins[customer.ID]), twins: twins[customer.ID]}
	}
	return rows, nil
}

// MappingInput is what people have decided: for some customers, and for the rest.
type MappingInput struct {
	Organisation string
	Choices      []remit.MappingChoice
	Rest         string // proposed, create or ignore
}

// StartMapping brings customers together with Stripe's in the background, as was
// decided. The rest is all who are not linked and of whom nothing was decided.
func (c *Commands) StartMapping(ctx context.Context, caller Caller, body Body[MappingInput]) (Import, error) {
	if err := c.somewhere(ctx, caller, remit.StripeAll); err != nil {
		return Import{}, err
	}
	in, err := body()
	if err != nil {
		return Import{}, err
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.StripeAll)
	if err == nil {
		err = c.authorise(ctx, caller, member.Tenant, member.Path, remit.StripeAll) // as the plan is
	}
	if err != nil {
		return Import{}, err
	}
	path := orTop(in.Organisation, member)
	live, err := c.mappingThrough(ctx, member.Tenant)
	if err != nil {
		return Import{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Import{}, fmt.Errorf("make an id: %w", err)
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		organisation, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
		}
		choices, err := decided(ctx, tx, figuresOf(live), path, in)
		if err != nil {
			return err
		}
		content, err := json.Marshal(choices)
		if err != nil {
			return fmt.Errorf("write a mapping: %w", err)
		}
		job := postgres.Import{ID: id, OrganisationID: organisation.ID, FileName: "Customers at Stripe", Format: postgres.ImportCustomers, RowsTotal: len(choices), Currency: organisation.Currency, Actor: caller.Actor()}
		if err := tx.InsertImport(ctx, job, content, sha256.Sum256(content)); err != nil {
			return err
		}
		return c.audit(ctx, tx, caller.entry("customer.mapping", "import "+id.String(), path))
	})
	if err != nil {
		return Import{}, err
	}
	if err := c.beginImport(ctx, member.Tenant, id); err != nil {
		c.Logger.WarnContext(ctx, "a mapping was not started; the next sweep starts it", "import", id, "error", err)
	}
	return c.readImport(ctx, member.Tenant, id)
}

// decided is what is to become of each customer. One who is not at the path, or below,
// is nobody.
func decided(ctx context.Context, tx *postgres.Tx, of postgres.DashboardOf, path string, in MappingInput) ([]remit.MappingChoice, error) {
	known := map[uuid.UUID]bool{}
	chosen := map[string]string{} // by whom
	choices := []remit.MappingChoice{}
	for _, choice := range in.Choices {
		if err := choice.Check(); err != nil {
			return nil, err
		}
		customer, err := tx.Customer(ctx, choice.Customer)
		if err != nil || customer.DeletedAt != nil || known[choice.Customer] || !atOrBelow(customer.Organisation, path) {
			return nil, remit.Invalid("choices", "%s is not a customer at %s, or is named twice.", choice.Customer, path)
		}
		if first, twice := chosen[choice.Stripe]; twice && choice.Action == remit.MappingMap {
			return nil, remit.Invalid("choices", "%s is chosen for %s and for %s. Two of yours on one of Stripe's would share payment methods.", choice.Stripe, first, customer.Name)
		}
		known[choice.Customer] = true
		chosen[choice.Stripe] = customer.Name
		choices = append(choices, choice)
	}
	for after := uuid.Nil; in.Rest == "create" || in.Rest == "proposed"; {
		rows, err := planned(ctx, tx, of, path, after, 500)
		if err != nil || len(rows) == 0 {
			return choices, err
		}
		for _, row := range rows {
			after = row.Customer.ID
			if known[row.Customer.ID] {
				continue
			}
			choice := remit.MappingChoice{Customer: row.Customer.ID, Action: remit.MappingCreate}
			if in.Rest == "proposed" {
				choice.Action, choice.Stripe = row.Proposal.Action, row.Proposal.Stripe
			}
			if _, twice := chosen[choice.Stripe]; twice && choice.Action == remit.MappingMap {
				continue // another has him; a person has to decide about this one
			}
			chosen[choice.Stripe] = row.Customer.Name
			choices = append(choices, choice)
		}
		if len(choices) > mappingMost {
			return nil, remit.Invalid("organisation", "Those are more than %d customers. Take a path below.", mappingMost)
		}
	}
	return choices, nil
}

func atOrBelow(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

// Mapping is how far a mapping has come.
func (c *Commands) Mapping(ctx context.Context, caller Caller, id uuid.UUID) (Import, error) {
	found, err := c.seeMapping(ctx, caller, id)
	if err != nil {
		return Import{}, err
	}
	return c.readImport(ctx, found.member.Tenant, id)
}

// StopMapping has a mapping stop after the customer it is at. What was done stays, and it
// can go on with the rest. One that is stopped, or has ended, is left as it is.
func (c *Commands) StopMapping(ctx context.Context, caller Caller, id uuid.UUID) (Import, error) {
	return c.turnMapping(ctx, caller, id, "customer.mapping.stop", (*postgres.Tx).StopImport)
}

// ResumeMapping has a mapping that was stopped go on with the rest.
func (c *Commands) ResumeMapping(ctx context.Context, caller Caller, id uuid.UUID) (Import, error) {
	return c.turnMapping(ctx, caller, id, "customer.mapping.resume", (*postgres.Tx).ResumeImport)
}

func (c *Commands) turnMapping(ctx context.Context, caller Caller, id uuid.UUID, action string, turn func(*postgres.Tx, context.Context, uuid.UUID) (bool, error)) (Import, error) {
	found, err := c.seeMapping(ctx, caller, id)
	if err != nil {
		return Import{}, err
	}
	tenant := found.member.Tenant
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		turned, err := turn(tx, ctx, id)
		if err != nil || !turned {
			return err
		}
		return c.audit(ctx, tx, caller.entry(action, "import "+id.String(), found.path))
	})
	if err != nil {
		return Import{}, err
	}
	job, err := c.readImport(ctx, tenant, id)
	if err == nil && job.State == "running" {
		if err := c.beginImport(ctx, tenant, id); err != nil {
			c.Logger.WarnContext(ctx, "a mapping was not started; the next sweep starts it", "import", id, "error", err)
		}
	}
	return job, err
}

// seeMapping finds a mapping the caller may see, and so do something about.
func (c *Commands) seeMapping(ctx context.Context, caller Caller, id uuid.UUID) (seen, error) {
	return c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		job, err := tx.Import(ctx, id)
		if err == nil && job.Format != postgres.ImportCustomers {
			err = remit.NotFound()
		}
		return job.Organisation, uuid.Nil, err
	}, remit.StripeAll)
}
