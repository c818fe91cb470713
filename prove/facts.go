package prove

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
)

// facts are all that is known of a world once it has come to rest, from three
// sides: the stand-in's books, Remit's API, and Remit's database. What follows
// from them is for [judge].
type facts struct {
	Books    books
	Invoices []invoiceFacts
	Payments []paymentFacts
	Attempts []attemptFacts
	Claims   []claim
	Banned   []banned
	Payer    string // the id of who was banned
	Fees     string // how a fee is passed on
	Mode     string // how the account is connected
	Mails    []string

	Connections []connectionFacts
	Cuts        []cut
	Founded     []string // what is wrong with accounts that were made meanwhile

	Now        time.Time // on the organisation's clock
	Schedules  []scheduleFacts
	Orders     []orderFacts
	Products   []productFacts
	Shelves    []shelf
	SentUnpaid []string // orders that were sent while the books had nothing of them
	Staff      []staffFacts
	Above      int64 // from what sum on a second person is needed; 0: never
	Late       []lateFacts
	LateOn     bool
}

// invoiceFacts are what API and database say of an invoice.
type invoiceFacts struct {
	ID          string
	Number      string
	Status      string
	Total       int64
	Outstanding int64
	// From the ledger's lines.
	Billed, Applied, CameIn, GivenUp, CarriedOut, Carried, Stripe, Bank, Excess int64
	// From the timeline.
	ToldApplied, ToldExcess int64
	Order                   bool // made in the store
}

// paymentFacts are what the database says of a payment.
type paymentFacts struct {
	ID, Invoice, Source, Intent, State, Reference string
	Captured                                      int64
	Amount, Fee                                   int64 // what it was for, and the fee besides
	Platform                                      int64 // of both, what Remit says that the platform takes
	Entries                                       int   // of the ledger that bring its money in
	Booked                                        int64 // by them, at Stripe or the bank
	Promised                                      int64 // to be refunded, or refunded
	Sent                                          int64 // by the ledger's entries
	Refunds                                       int   // that did not fail
}

// attemptFacts are what the database says of an attempt.
type attemptFacts struct {
	Payment, Intent, Actor, State string
	ConfirmAt                     *time.Time
	Succeeded                     bool
}

// What bills, what brings money in and what sends it out, by the kind of entry.
const ledgerOfInvoices = `select i.id::text, i.number,
	coalesce(sum(l.amount) filter (where l.account = 'receivable' and e.kind in ('issue', 'amend', 'void', 'write_off', 'carry_out', 'carry_in', 'late_fee')), 0)::bigint,
	coalesce(-sum(l.amount) filter (where l.account = 'receivable' and e.kind not in ('issue', 'amend', 'void', 'write_off', 'carry_out', 'carry_in', 'late_fee')), 0)::bigint,
	coalesce(-sum(l.amount) filter (where l.account = 'receivable' and e.kind in ('payment', 'bank_transfer')), 0)::bigint,
	coalesce(-sum(l.amount) filter (where l.account = 'receivable' and e.kind = 'write_off'), 0)::bigint,
	coalesce(-sum(l.amount) filter (where l.account = 'receivable' and e.kind = 'carry_out'), 0)::bigint,
	coalesce(sum(l.amount) filter (where l.account = 'carried'), 0)::bigint,
	coalesce(sum(l.amount) filter (where l.account = 'stripe'), 0)::bigint,
	coalesce(sum(l.amount) filter (where l.account = 'bank'), 0)::bigint,
	coalesce(-sum(l.amount) filter (where l.account = 'excess' and e.kind in ('payment', 'bank_transfer')), 0)::bigint,
	coalesce((select sum((data->>'amount')::bigint) from timeline t where t.tenant = i.tenant and t.invoice_id = i.id and t.kind in ('paid', 'transfer')), 0)::bigint,
	coalesce((select sum((data->>'amount')::bigint) from timeline t where t.tenant = i.tenant and t.invoice_id = i.id and t.kind = 'excess'), 0)::bigint,
	i.source = 'order'
	from invoices i left join ledger_entries e on e.tenant = i.tenant and e.invoice_id = i.id
		left join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
	where i.tenant = $1 group by i.tenant, i.id, i.number, i.source order by i.number`

const ledgerOfPayments = `select p.id::text, p.invoice_id::text, p.source, coalesce(p.payment_intent, ''), p.state, p.reference, p.amount_captured, p.amount, p.surcharge, p.application_fee,
	count(distinct e.id) filter (where e.kind in ('payment', 'bank_transfer')),
	coalesce(sum(l.amount) filter (where e.kind in ('payment', 'bank_transfer') and l.account in ('stripe', 'bank')), 0)::bigint,
	p.amount_refunded, coalesce(-sum(l.amount) filter (where e.kind in ('refund_sent', 'refund_returned') and l.account = 'stripe'), 0)::bigint,
	(select count(*) from refunds r where r.tenant = p.tenant and r.payment_id = p.id and r.state not in ('failed', 'canceled'))
	from payments p left join ledger_entries e on e.tenant = p.tenant and e.payment_id = p.id
		left join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
	where p.tenant = $1 group by p.tenant, p.id`

const attemptsMade = `select a.payment_id::text, coalesce(p.payment_intent, ''), coalesce(a.actor->>'id', ''), a.state, a.confirm_at, a.state = 'succeeded'
	from attempts a join payments p on p.tenant = a.tenant and p.id = a.payment_id where a.tenant = $1`

const mailsTwice = `select format('%s mails of %s for stage %s', count(*), i.number, m.stage) from mails m join invoices i on i.tenant = m.tenant and i.id = m.invoice_id
	where m.tenant = $1 group by i.number, m.invoice_id, m.stage, m.due_version having count(*) > 1
	union all select format('%s mails to %s of %s on the occasion of %s', count(*), m.recipient, i.number, split_part(m.stage, '/', 1)) from mails m join invoices i on i.tenant = m.tenant and i.id = m.invoice_id
		where m.tenant = $1 group by i.number, m.invoice_id, split_part(m.stage, '/', 1), split_part(m.stage, '/', 2), m.due_version, m.recipient having count(*) > 1
	union all select format('%s mails to %s about an approval of %s', count(*), m.recipient, i.number) from mails m join approvals p on p.tenant = m.tenant and p.id = m.approval_id
		join invoices i on i.tenant = p.tenant and i.id = p.invoice_id where m.tenant = $1 group by i.number, m.approval_id, m.stage, m.recipient having count(*) > 1`

// facts gathers what is known of the world.
func (w *world) facts(ctx context.Context) (f facts, err error) {
	if f.Books, err = w.books(ctx); err != nil {
		return f, err
	}
	if f.Invoices, err = rows(ctx, w, ledgerOfInvoices, func(row pgx.CollectableRow) (i invoiceFacts, err error) {
		return i, row.Scan(&i.ID, &i.Number, &i.Billed, &i.Applied, &i.CameIn, &i.GivenUp, &i.CarriedOut, &i.Carried, &i.Stripe, &i.Bank, &i.Excess, &i.ToldApplied, &i.ToldExcess, &i.Order)
	}); err != nil {
		return f, err
	}
	for n := range f.Invoices {
		i := &f.Invoices[n]
		var shown struct {
			Status             string
			Total, Outstanding int64
		}
		if err := w.admin.must(ctx, http.MethodGet, "/v1/invoices/"+i.ID, nil, &shown); err != nil {
			return f, err
		}
		i.Status, i.Total, i.Outstanding = shown.Status, shown.Total, shown.Outstanding
	}
	if f.Payments, err = rows(ctx, w, ledgerOfPayments, func(row pgx.CollectableRow) (p paymentFacts, err error) {
		return p, row.Scan(&p.ID, &p.Invoice, &p.Source, &p.Intent, &p.State, &p.Reference, &p.Captured, &p.Amount, &p.Fee, &p.Platform, &p.Entries, &p.Booked, &p.Promised, &p.Sent, &p.Refunds)
	}); err != nil {
		return f, err
	}
	if f.Attempts, err = rows(ctx, w, attemptsMade, func(row pgx.CollectableRow) (a attemptFacts, err error) {
		return a, row.Scan(&a.Payment, &a.Intent, &a.Actor, &a.State, &a.ConfirmAt, &a.Succeeded)
	}); err != nil {
		return f, err
	}
	f.Claims, f.Banned, f.Payer, f.Fees, f.Mode = w.claims, w.banned, w.payerID, w.story.Fees, w.story.Mode
	if f.Mails, err = column[string](ctx, w, mailsTwice); err != nil {
		return f, err
	}
	for _, more := range []func(context.Context, *facts) error{w.factsOfConnections, w.factsOfSchedules, w.factsOfOrders, w.factsOfStaff, w.factsOfLateFees} {
		if err := more(ctx, &f); err != nil {
			return f, err
		}
	}
	return f, nil
}

func rows[T any](ctx context.Context, w *world, question string, scan func(pgx.CollectableRow) (T, error)) ([]T, error) {
	found, err := w.house.sql.Query(ctx, question, w.tenant)
	if err != nil {
		return nil, fmt.Errorf("ask the database: %w", err)
	}
	all, err := pgx.CollectRows(found, scan)
	if err != nil {
		return nil, fmt.Errorf("ask the database: %w", err)
	}
	return all, nil
}
