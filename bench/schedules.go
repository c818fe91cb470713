package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/commands"
	"remit/secrets"
)

// smallSchedules is how many schedules a small organisation has beside the big one,
// which has nine of ten.
const smallSchedules = 100

// biller is an organisation whose schedules are all due on the same day.
type biller struct {
	path      string
	tenant    uuid.UUID
	template  uuid.UUID // the schedule that its others are copies of
	schedules int
	took      time.Duration // from the day's begin until the last invoice was made
}

// schedules measures the first of a month: so many schedules are due at once, of one
// big organisation and of small ones, while an organisation that has none of them is
// paid. Schedules are copies of one that was made by the commands, each with a customer
// of its own; what bills them is Remit, by itself.
func (b *bench) schedules(ctx context.Context) error {
	if err := b.addPayers(ctx, payers); err != nil {
		return err
	}
	b.say("Paying with nothing else going on")
	alone, busy := &series{name: "nothing else going on"}, &series{name: "while schedules are billed"}
	for _, into := range []*series{{}, alone} { // once to warm up
		if err := b.payAlong(ctx, into, int(payAlone/payEvery), nil); err != nil {
			return err
		}
	}
	all, err := b.billers(ctx)
	if err != nil {
		return err
	}
	before, err := b.billingUsage(ctx)
	if err != nil {
		return err
	}
	b.say(fmt.Sprintf("%d schedules of %d organisations are due", b.Scale, len(all)))
	var began time.Time
	err = b.payAlong(ctx, busy, min(max(b.Scale/20, 30), 1500), func(ctx context.Context) error {
		if err := b.sql(ctx, "update agenda set at = now() where kind = 'bill' and done_at is null and object_id >= $1", firstCopy); err != nil {
			return err
		}
		began = time.Now()
		return b.untilBilled(ctx)
	})
	if err != nil {
		return err
	}
	took := time.Since(began)
	if err := b.rest(ctx); err != nil {
		return err
	}
	after, err := b.billingUsage(ctx)
	if err != nil {
		return err
	}
	if err := b.billedOnce(ctx); err != nil {
		return err
	}
	if err := b.billedWhen(ctx, all, began); err != nil {
		return err
	}
	return b.reportBilling(ctx, all, took, after.minus(before), []*series{alone, busy})
}

// billers makes organisations with as many schedules as are asked for.
func (b *bench) billers(ctx context.Context) ([]*biller, error) {
	small := max(b.Scale/10/smallSchedules, 1)
	big := &biller{path: "/big", schedules: b.Scale - small*smallSchedules}
	if big.schedules < smallSchedules {
		return nil, fmt.Errorf("%d schedules are too few: one organisation has nine of ten, and another %d", b.Scale, smallSchedules)
	}
	all := []*biller{big}
	for n := range small {
		all = append(all, &biller{path: fmt.Sprintf("/small-%03d", n+1), schedules: smallSchedules})
	}
	b.say(fmt.Sprintf("Making %d organisations with %d schedules", len(all), b.Scale))
	made := 0
	for _, each := range all {
		if err := b.openBiller(ctx, each); err != nil {
			return nil, err
		}
		if err := b.copySchedules(ctx, each, made+1, made+each.schedules); err != nil {
			return nil, err
		}
		made += each.schedules
	}
	return all, b.sql(ctx, "vacuum analyze") // what autovacuum does within minutes
}

// openBiller makes an organisation, a customer and a schedule, whose first period is
// months ahead.
func (b *bench) openBiller(ctx context.Context, o *biller) error {
	c := b.operator.Commands
	made, err := c.CreateFirstAdministrator(ctx, commands.FirstAdministrator{Organisation: o.path, Email: "admin@" + o.path[1:] + ".example", Name: "Ada Admin", Password: secrets.NewSecret(password)})
	if err != nil {
		return err
	}
	admin, err := c.ActAs(ctx, made.User.ID)
	if err != nil {
		return err
	}
	customer, err := c.CreateCustomer(ctx, admin, commands.Given(commands.CustomerInput{Organisation: o.path, Name: "Tenant", Email: "tenant@example.com"}))
	if err != nil {
		return err
	}
	o.tenant = admin.Tenants[0].Tenant
	view, err := c.CreateBillingSchedule(ctx, admin, commands.Given(commands.BillingInput{
		Organisation: o.path, CustomerID: customer.ID, Number: "RENT", Terms: &remit.BillingTerms{
			Cadence: remit.Cadence{Start: firstOfMonth(2), Unit: remit.IntervalQuarter, Count: 1, Anchor: 1},
			Lines: []remit.BillingLine{
				{Description: "Rent", Quantity: "1", UnitPrice: "1200.00"},
				{Description: "Parking", Quantity: "2", UnitPrice: "45.00"},
			},
		},
	}))
	o.template = view.Schedule.ID
	return err
}

// firstOfMonth is the first of a month so many months ahead.
func firstOfMonth(ahead int) remit.Date {
	now := time.Now().UTC()
	return remit.DateOf(time.Date(now.Year(), now.Month()+time.Month(ahead), 1, 0, 0, 0, 0, time.UTC))
}

// firstCopy is below every copied schedule's id, and above all that were there before.
var firstCopy = uuid.MustParse("e1000000-0000-7000-8000-000000000000")

// scheduleIDs are the ids of the nth copy, and when its first period begins: on the
// first of this month. That is a quarter long, so that no other begins meanwhile.
const scheduleIDs = `n, ('e1000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as schedule, ('d1000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as customer, to_jsonb($4::text) as first`

var copiedSchedules = []copied{
	{"customers", "id = (select customer_id from billing_schedules where id = $1)", map[string]string{"id": "k.customer", "name": "'Tenant ' || k.n"}},
	{"billing_schedules", "id = $1", map[string]string{
		"id": "k.schedule", "customer_id": "k.customer", "number": "'RENT-' || k.n", "versions": "jsonb_set(jsonb_set(t.versions, '{0,from}', k.first), '{0,cadence,start}', k.first)",
	}},
	{"billing_schedule_history", "schedule_id = $1", map[string]string{"schedule_id": "k.schedule"}},
	{"agenda", "object_id = $1", map[string]string{"id": "gen_random_uuid()", "object_id": "k.schedule"}},
}

func (b *bench) copySchedules(ctx context.Context, o *biller, from, to int) error {
	return b.asOwner(ctx, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "set session_replication_role = replica"); err != nil {
			return fmt.Errorf("copy schedules: %w", err)
		}
		for _, each := range copiedSchedules {
			if err := each.copy(ctx, c, scheduleIDs, o.template, from, to, firstOfMonth(0).String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// untilBilled waits until no schedule is due any more.
func (b *bench) untilBilled(ctx context.Context) error {
	const look, tell = time.Second, 30 * time.Second
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for told := time.Now(); ; {
		left, err := column[int](ctx, b, "select count(*) from agenda where kind = 'bill' and done_at is null and at <= now()")
		if err != nil || left[0] == 0 {
			return err
		}
		if time.Since(told) > tell {
			told = time.Now()
			b.say(fmt.Sprintf("%d are still due", left[0]))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// billedOnce fails unless each schedule's period has one invoice, which is owed whole.
func (b *bench) billedOnce(ctx context.Context) error {
	const of = " from billing_schedules s where s.id >= $1 and "
	for _, rule := range []struct{ broken, query string }{
		{"went through another number of periods than one", "(select count(*) from billing_periods p where p.tenant = s.tenant and p.schedule_id = s.id) <> 1"},
		{"made another number of invoices than one", "(select count(*) from invoices i where i.tenant = s.tenant and i.customer_id = s.customer_id) <> 1"},
		{"made none that is owed whole", `not exists (select 1 from invoices i join invoice_balances v on v.tenant = i.tenant and v.invoice_id = i.id
			where i.tenant = s.tenant and i.customer_id = s.customer_id and i.status = 'open' and i.total = 129000 and v.billed = i.total)`},
	} {
		broken, err := column[int](ctx, b, "select count(*)"+of+rule.query, firstCopy)
		if err != nil {
			return err
		}
		if broken[0] == 0 {
			continue
		}
		trouble, err := column[string](ctx, b, "select distinct trouble from billing_schedules where id >= $1 and trouble <> '' limit 3", firstCopy)
		if err != nil {
			return err
		}
		return fmt.Errorf("%d of %d schedules %s; in their way stands %q", broken[0], b.Scale, rule.broken, trouble)
	}
	return nil
}

// billedWhen reads when the last invoice of each organisation was made.
func (b *bench) billedWhen(ctx context.Context, all []*biller, began time.Time) error {
	for _, each := range all {
		last, err := column[time.Time](ctx, b, "select max(made_at) from billing_periods where tenant = $1", each.tenant)
		if err != nil {
			return err
		}
		each.took = last[0].Sub(began)
	}
	return nil
}
