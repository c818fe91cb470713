package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"remit/commands"
	"remit/portal"
	"remit/program"
)

// Sizes of the lists that are compared in one run, and how often each page is
// loaded.
const (
	few   = 1_000
	many  = 100_000
	loads = 40
)

// list is a page or an API list under measurement, with what it must hold to
// have been the right one.
type list struct {
	name, path, holds string
	took              map[int][]time.Duration // by how many rows there are
	bytes             map[int]int             // as sent, compressed
}

// Lists measures how soon each list and the public page answer with 1,000 rows
// behind them and with 100,000, in one run: a list that reads all there is
// shows as a figure that grows with it. Both are measured over loopback, page
// and all, from the first byte asked to the last one read.
func Lists(ctx context.Context, out io.Writer, options Options) error {
	return inFolder(ctx, out, options, (*bench).lists)
}

func (b *bench) lists(ctx context.Context) error {
	b.settings.Portal = func(c *commands.Commands, logger *slog.Logger) (program.Portal, error) {
		return portal.New(portal.Options{Commands: c, Logger: logger}), nil
	}
	b.Inside = true
	if err := b.furnish(ctx); err != nil {
		return err
	}
	b.inside.Commands.RequireSecondFactor = false
	browser, err := b.signIn(ctx)
	if err != nil {
		return err
	}
	link, err := b.payLink(ctx)
	if err != nil {
		return err
	}
	all := everyList(link)
	made := 0
	for _, size := range []int{few, many} {
		b.say(fmt.Sprintf("Filling in %d of each", size))
		if err := b.fill(ctx, made+1, size); err != nil {
			return err
		}
		made = size
		b.say(fmt.Sprintf("Loading each page %d times", loads))
		if err := b.load(ctx, browser, all, size); err != nil {
			return err
		}
	}
	return b.reportLists(all)
}

func everyList(link string) []*list {
	var all []*list
	add := func(name, path, holds string) {
		all = append(all, &list{name: name, path: path, holds: holds, took: map[int][]time.Duration{}, bytes: map[int]int{}})
	}
	add("public pay page", link, "Pay now")
	add("invoices", "/invoices", "INV-")
	for _, status := range []string{"open", "paid", "void"} {
		add("invoices, "+status, "/invoices?status="+status, "INV-")
	}
	add("invoices, overdue", "/invoices?overdue=yes", "INV-")
	add("invoices, on hold", "/invoices?held=yes", "INV-")
	add("invoices, open and on hold", "/invoices?status=open&held=yes", "INV-")
	add("invoices, by number", "/invoices?number=INV-000500", "INV-000500")
	add("invoices, one organisation", "/invoices?at="+url.QueryEscape(organisation+"/Unit 7"), "INV-")
	add("invoices, next page", "/invoices?follow=1", "INV-")
	add("inbox, to do", "/inbox", "INV-")
	add("inbox, under way", "/inbox?tab=underway", "INV-")
	add("inbox, done", "/inbox?tab=done", "INV-")
	add("customers", "/customers", "Customer 0")
	add("customers, next page", "/customers?follow=1", "Customer 0")
	add("one customer", "/customers/"+idOf("c", few/2), "INV-")
	add("one paid invoice", "/invoices/"+idOf("a", few/2), "INV-")
	add("imports", "/imports", "Import")
	add("excess", "/excess", "Excess")
	add("disputes", "/disputes", "Disputes")
	add("audit", "/settings/audit", "Audit")
	return all
}

// idOf is the id of the nth row that fill makes, of an invoice (a), a work item
// (b), a customer (c), a payment (d) or an attempt (e).
func idOf(kind string, n int) string { return fmt.Sprintf("%s0000000-0000-7000-8000-%012x", kind, n) }

// fill makes rows from the nth on by SQL, as the owner of the tables: what takes
// minutes by the commands that make them takes seconds. They differ as a
// business's would: most are paid, some of the rest are overdue or on hold, one
// in a hundred is under way, and they are spread over twenty organisations.
func (b *bench) fill(ctx context.Context, from, to int) error {
	return b.asOwner(ctx, func(connection *pgx.Conn) error {
		for _, statement := range rowsOfAll {
			args := []any{pgx.QueryExecModeSimpleProtocol}
			if strings.Contains(statement, "$2") {
				args = append(args, from, to)
			}
			if _, err := connection.Exec(ctx, statement, args...); err != nil {
				return fmt.Errorf("fill in: %w", err)
			}
		}
		return nil
	})
}

var rowsOfAll = []string{
	`insert into organisations (tenant, id, path, name, time_zone, currency)
		select t.id, gen_random_uuid(), t.path || '/Unit ' || u, 'Unit ' || u, 'UTC', 'USD' from tenants t, generate_series(1, 20) u on conflict do nothing`,
	`create or replace view made as select n, (array['paid','paid','paid','paid','open','paid','paid','void','paid','open','paid','partially_paid'])[1 + n % 12] as status,
			('a0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as invoice, ('b0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as item,
			('c0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as customer, ('d0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as payment,
			('e0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as attempt,
			t.id as tenant, o.id as organisation, o.path, current_date - 700 + (n * 37 % 730) as due
		from tenants t, generate_series(1, 100000) n, organisations o where o.tenant = t.id and o.path = t.path || '/Unit ' || (1 + n % 20)`,
	`insert into customers (tenant, id, organisation_id, name, currency)
		select tenant, customer, organisation, 'Customer ' || lpad((n * 7919 % 100003)::text, 6, '0'), 'USD' from made where n between $1 and $2`,
	`insert into invoices (tenant, id, organisation_id, customer_id, number, status, overdue, total, currency, issue_date, due_date, fingerprint, settings, hold_reason, hold_kind, hold_since, sent_at)
		select tenant, invoice, organisation, customer, 'INV-' || lpad(n::text, 6, '0'), status, status = 'open' and due < current_date, 12000, 'USD', due - 30, due, '', '{}',
			case when n % 211 = 9 then 'asked' end, case when n % 211 = 9 then 'person' end, case when n % 211 = 9 then now() end, now() from made where n between $1 and $2`,
	`insert into invoice_balances (tenant, invoice_id, currency, billed, applied)
		select tenant, invoice, 'USD', 12000, case status when 'paid' then 12000 when 'partially_paid' then 5000 else 0 end from made where n between $1 and $2
		on conflict (tenant, invoice_id) do update set billed = excluded.billed, applied = excluded.applied`,
	`insert into invoice_lines (tenant, invoice_id, n, description, quantity, unit_price, amount) select tenant, invoice, 1, 'Work', '1', '120.00', 12000 from made where n between $1 and $2`,
	`insert into work_items (tenant, id, invoice_id, organisation_id, assignee_name, assignee_path, role, state, due_date, closed_at)
		select tenant, item, invoice, organisation, 'Invoice Payers', path, 'Invoice Payers',
			case when status = 'paid' then 'done' when status = 'void' then 'cancelled' when n % 100 = 9 then 'paying' else 'open' end, due,
			case when status in ('paid', 'void') then now() end from made where n between $1 and $2`,
	`insert into payments (tenant, id, invoice_id, customer_id, source, currency, amount, amount_captured, state, settled_at)
		select tenant, payment, invoice, customer, 'stripe', 'USD', 12000, 12000, 'succeeded', now() from made where status = 'paid' and n between $1 and $2`,
	`insert into attempts (tenant, id, invoice_id, payment_id, request_id, number, kind, state, amount, actor, ended_at)
		select tenant, attempt, invoice, payment, attempt, 1, 'charge', 'succeeded', 12000, '{}', now() from made where status = 'paid' and n between $1 and $2`,
	"drop view made",
	"vacuum analyze", // what autovacuum does within minutes
}

// signIn gives a browser in which Ben, who may do everything, is signed in.
func (b *bench) signIn(ctx context.Context) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("make a cookie jar: %w", err)
	}
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true}}
	form := url.Values{"email": {"bench@example.com"}, "password": {password}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/sign-in", formBody(form))
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := browser.Do(request)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("signing in answered %d", response.StatusCode)
	}
	return browser, nil
}

// payLink is the path of a sent invoice's public page.
func (b *bench) payLink(ctx context.Context) (string, error) {
	invoice, err := b.makeInvoice(ctx)
	if err != nil {
		return "", err
	}
	var found struct {
		Link string `json:"payment_link"`
	}
	if err := b.payer.do(ctx, http.MethodGet, "/v1/invoices/"+invoice.ID, nil, "", &found); err != nil {
		return "", err
	}
	link, err := url.Parse(found.Link)
	if err != nil || found.Link == "" {
		return "", fmt.Errorf("invoice %s has the pay link %q", invoice.ID, found.Link)
	}
	return link.Path, nil
}

// load takes all pages in turns, so that what else the machine does meets each.
func (b *bench) load(ctx context.Context, browser *http.Client, all []*list, size int) error {
	for n := range loads + 3 {
		for _, l := range all {
			path := l.path
			if first, follow := strings.CutSuffix(path, "?follow=1"); follow {
				var err error
				if path, err = b.nextPage(ctx, browser, first); err != nil {
					return err
				}
			}
			text, sent, took, err := get(ctx, browser, b.url+path)
			switch {
			case err != nil:
				return err
			case !strings.Contains(text, l.holds):
				return fmt.Errorf("%s does not hold %q: %s", path, l.holds, text)
			case n < 3: // warming up
				continue
			}
			l.took[size] = append(l.took[size], took)
			l.bytes[size] = sent
		}
	}
	return nil
}

func (b *bench) nextPage(ctx context.Context, browser *http.Client, path string) (string, error) {
	text, _, _, err := get(ctx, browser, b.url+path)
	if err != nil {
		return "", err
	}
	_, rest, found := strings.Cut(text, `class="pager"><a href="`)
	if !found {
		return "", fmt.Errorf("%s has no next page", path)
	}
	next, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(next, "&amp;", "&"), nil
}

func (b *bench) reportLists(all []*list) error {
	fmt.Fprintf(b.out, "\nmilliseconds until the last byte of a page came, %d loads each, all parts on this machine%s\n\n", loads, loadNow())
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "p50 of %d\tp95\tp50 of %d\tp95\tKB sent\t\n", few, many)
	for _, l := range all {
		fmt.Fprintf(table, "%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t %s\n", l.quantile(few, 0.5), l.quantile(few, 0.95), l.quantile(many, 0.5), l.quantile(many, 0.95), float64(l.bytes[many])/1000, l.name)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func (l *list) quantile(size int, q float64) float64 {
	all := l.took[size]
	slices.Sort(all)
	return float64(all[min(int(q*float64(len(all))), len(all)-1)].Microseconds()) / 1000
}
