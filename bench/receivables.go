package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/commands"
	"remit/invoicefile"
	"remit/program"
)

// ReceivablesOptions say which receivables are lived through.
type ReceivablesOptions struct {
	Program  string     // remit's own file, for the stand-in's process
	File     string     // CSV
	From, To remit.Date // of the organisation's clock
	Declines float64    // percent of charges that banks decline, by a seeded mixture of codes
	Seed     int64
}

// Where the receivables are owed, and the key of its account at the stand-in.
const (
	ledgerOrganisation = "/receivables"
	ledgerKey          = "sk_test_receivables"
	ledgerZone         = "America/New_York"
)

// Receivables lives through a file of receivables on a test clock, charging each
// customer's saved card as its invoices fall due, prints what came of it, and returns
// an error where that breaks a rule: a hard decline that was tried again, a cap that
// was passed, a ladder that did not end, a run whose record does not add up, a cent
// that ledger and stand-in do not agree on.
func Receivables(ctx context.Context, say func(string), options ReceivablesOptions) error {
	out := lines(say)
	return inFolder(ctx, out, Options{Program: options.Program, Inside: true}, func(b *bench, ctx context.Context) error {
		life := &receivables{bench: b, ReceivablesOptions: options, began: time.Now(), spent: map[string]time.Duration{}}
		return life.live(ctx)
	})
}

// lines writes whole lines.
type lines func(string)

func (l lines) Write(p []byte) (int, error) {
	l(string(p[:max(len(p)-1, 0)]))
	return len(p), nil
}

type receivables struct {
	*bench
	ReceivablesOptions

	began    time.Time
	program  *program.Program
	admin    commands.Caller
	tenant   uuid.UUID
	rows     *pgx.Conn // of Remit's database, to read what came of it
	fired    map[string]int
	spent    map[string]time.Duration // by what was done
	newCards int
}

func (r *receivables) live(ctx context.Context) (err error) {
	if err := r.settle(ctx); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, r.program.Close(context.WithoutCancel(ctx)), r.rows.Close(context.WithoutCancel(ctx)))
	}()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"import", r.bringIn}, {"cards", r.saveCards}, {"clock", r.runClock}, {"checks", r.judge}} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		r.spent[step.name] = time.Since(began)
	}
	return r.print(ctx)
}

// settle starts Remit in this process, beside the stand-in on a test clock, with
// automatic charge on.
func (r *receivables) settle(ctx context.Context) (err error) {
	r.settings.Sandbox, r.settings.Work, r.settings.Answer = true, true, 20*time.Second
	r.settings.Listen = "127.0.0.1:0"
	if r.program, err = program.Start(ctx, r.settings); err != nil {
		return err
	}
	c := r.program.Commands
	if err := c.CreateDemoTenant(ctx, commands.OrganisationInput{Path: ledgerOrganisation, Name: "Receivables", TimeZone: ledgerZone, Currency: "USD", Clock: &r.From}); err != nil {
		return err
	}
	account, err := c.CreateDemoUser(ctx, commands.DemoUser{
		Organisation: ledgerOrganisation, Email: "rita@receivables.test", Name: "Rita", Grants: []commands.GrantInput{{Role: "Owner", Path: ledgerOrganisation}},
	})
	if err != nil {
		return err
	}
	if r.admin, err = c.ActAs(ctx, account); err != nil {
		return err
	}
	r.tenant = r.admin.Tenants[0].Tenant
	zone, err := time.LoadLocation(ledgerZone)
	if err != nil {
		return fmt.Errorf("time zone: %w", err)
	}
	if err := r.standinControl(ctx, "/_sandbox/clock", fmt.Sprintf(`{"start": %q}`, r.From.StartIn(zone).Format(time.RFC3339))); err != nil {
		return err
	}
	if _, err := c.SaveKeys(ctx, r.admin, ledgerOrganisation, commands.Given(commands.KeysInput{SecretKey: ledgerKey, PublishableKey: "pk_test_receivables"})); err != nil {
		return err
	}
	settings, err := c.PaymentSettings(ctx, r.admin, ledgerOrganisation)
	if err != nil {
		return err
	}
	settings.AutoCharge.On = true
	if _, err := c.SetPaymentSettings(ctx, r.admin, ledgerOrganisation, commands.Given(settings)); err != nil {
		return err
	}
	if err := r.standinControl(ctx, "/_sandbox/settings", `{"distinct_cards": true}`); err != nil {
		return err
	}
	r.rows, err = pgx.Connect(ctx, r.postgres.URL("remit"))
	return err
}

// bringIn imports the file as of the clock's first day: what is dated ahead is sent
// on its date.
func (r *receivables) bringIn(ctx context.Context) error {
	content, err := os.ReadFile(r.File)
	if err != nil {
		return fmt.Errorf("read the receivables: %w", err)
	}
	job, err := r.program.Commands.StartImport(ctx, r.admin, commands.Given(commands.ImportInput{
		Organisation: ledgerOrganisation, Files: []invoicefile.File{{Name: filepath.Base(r.File), Content: content}},
	}))
	if err != nil {
		return err
	}
	err = r.until(ctx, func() (bool, error) {
		job, err = r.program.Commands.Import(ctx, r.admin, job.ID)
		return job.State != "running", err
	})
	if err != nil || job.State != "done" || job.RowsBad > 0 {
		return fmt.Errorf("the import is %s with %d bad rows: %w", job.State, job.RowsBad, err)
	}
	r.say(fmt.Sprintf("Imported %d invoices as of %s.", job.RowsNew, r.From))
	return nil
}

// saveCards types a card for each customer who can be charged and has none that can.
func (r *receivables) saveCards(ctx context.Context) error {
	saved, err := r.typeCards(ctx, "not exists (select 1 from payment_methods m where m.tenant = c.tenant and m.customer_id = c.id)")
	if err != nil {
		return err
	}
	r.say(fmt.Sprintf("Saved a card for each of %d customers.", saved))
	if r.Declines > 0 {
		return r.standinControl(ctx, "/_sandbox/settings", fmt.Sprintf(`{"declines": {"percent": %g, "seed": %d}}`, r.Declines, r.Seed))
	}
	return nil
}

func (r *receivables) typeCards(ctx context.Context, who string) (int, error) {
	rows, err := r.rows.Query(ctx, "select c.id from customers c where c.tenant = $1 and "+who+" order by c.id", r.tenant)
	if err != nil {
		return 0, fmt.Errorf("list the customers: %w", err)
	}
	customers, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return 0, fmt.Errorf("list the customers: %w", err)
	}
	for _, customer := range customers {
		if err := r.typeCard(ctx, customer); err != nil {
			return 0, err
		}
	}
	return len(customers), nil
}

// attemptField is how a hosted page knows a form that was sent twice.
var attemptField = regexp.MustCompile(`name="attempt" value="([^"]*)"`)

func (r *receivables) typeCard(ctx context.Context, customer uuid.UUID) error {
	page, err := r.program.Commands.AddPaymentMethod(ctx, r.admin, customer, commands.Given(commands.AddMethodInput{}))
	if err != nil {
		return err
	}
	text, err := fetch(ctx, http.MethodGet, page.URL, nil)
	if err != nil {
		return err
	}
	form := url.Values{"email": {"a@b.test"}, "card_number": {"4242424242424242"}, "card_expiry": {"12 / 30"}, "card_cvc": {"123"}, "name": {"Cara Customer"}}
	if found := attemptField.FindSubmatch(text); found != nil {
		form.Set("attempt", string(found[1]))
	}
	if _, err := fetch(ctx, http.MethodPost, page.URL, form); err != nil {
		return err
	}
	methods, err := r.program.Commands.PaymentMethods(ctx, r.admin, customer) // which fetches what was typed
	if err != nil || len(methods) == 0 {
		return fmt.Errorf("no card was saved: %w", err)
	}
	newest := methods[0]
	for _, m := range methods {
		if m.CreatedAt.After(newest.CreatedAt) {
			newest = m
		}
	}
	_, err = r.program.Commands.SetDefaultMethod(ctx, r.admin, customer, commands.Given(newest.ID))
	return err
}

func (r *receivables) until(ctx context.Context, so func() (bool, error)) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if done, err := so(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
