package bench

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// How many invoices are due in both runs that are compared, and among how many in
// the smaller.
const (
	scaleDue = 1_000
	scaleFew = 10_000
)

// scaled is a run of what is due among many.
type scaled struct {
	series

	open, workflows int
	scanned         map[string]int64 // rows read by scans of whole tables
}

// scaling measures what a run takes for as many charges among few open invoices and
// among many: a statement that reads all there is shows as a figure that grows.
func (b *bench) scaling(ctx context.Context) error {
	open := &openInvoices{}
	if err := open.grow(ctx, b, min(scaleFew, b.Scale)); err != nil {
		return err
	}
	b.say("Warming up")
	if _, err := b.runAmong(ctx, open, 100, 0); err != nil {
		return err
	}
	few, err := b.runAmong(ctx, open, scaleDue, 0)
	if err != nil {
		return err
	}
	if err := open.grow(ctx, b, b.Scale); err != nil {
		return err
	}
	many, err := b.runAmong(ctx, open, scaleDue, b.Others)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\na run of %d charges that are due, by how many invoices are open%s\n\n", scaleDue, loadNow())
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "open\twith a workflow\tseconds\ta second\tp50 ms\tp99 ms\tCPU ms each\tof it Temporal\tPostgreSQL\tRemit\ttransactions\t")
	for _, s := range []*scaled{few, many} {
		fmt.Fprintf(table, "%d\t%d\t%.1f\t%.1f\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", s.open, s.workflows, s.took.Seconds(), s.rate(),
			s.quantile(0.5).Milliseconds(), s.quantile(0.99).Milliseconds(), s.perOne(s.cpu.sum()), s.perOne(s.cpu.temporal), s.perOne(s.cpu.postgres),
			s.perOne(s.cpu.remit), float64(s.transactions)/float64(len(s.each)))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	fmt.Fprintf(b.out, "\nThe run among more took %.2f times as long, and %.2f times the processor time.\n", many.took.Seconds()/few.took.Seconds(), many.cpu.sum().Seconds()/few.cpu.sum().Seconds())
	for _, s := range []*scaled{few, many} {
		fmt.Fprintf(b.out, "Among %d, scans of whole tables read these rows for each charge:%s\n", s.open, s.scans())
	}
	return nil
}

// scans tells of the tables that were read from end to end, most rows first, leaving
// out those of a few rows.
func (s *scaled) scans() string {
	var all strings.Builder
	for _, table := range slices.SortedFunc(maps.Keys(s.scanned), func(a, b string) int { return cmp.Compare(s.scanned[b], s.scanned[a]) }) {
		if each := s.scanned[table] / int64(len(s.each)); each >= 50 {
			fmt.Fprintf(&all, " %s %d", table, each)
		}
	}
	return cmp.Or(all.String(), " none")
}

// runAmong makes some of the open invoices due and charges them. They have their
// workflows, and so have some others.
func (b *bench) runAmong(ctx context.Context, open *openInvoices, due, others int) (*scaled, error) {
	ids := open.next(due)
	s := &scaled{open: open.made, workflows: due + others}
	b.say(fmt.Sprintf("Starting the workflows of %d invoices", s.workflows))
	if err := b.begin(ctx, append(ids[:due:due], open.next(others)...)); err != nil {
		return nil, err
	}
	if err := b.sql(ctx, dueNow+" where kind = 'charge' and done_at is null and object_id = any($1)", ids); err != nil {
		return nil, err
	}
	b.say(fmt.Sprintf("Charging %d of %d", due, open.made))
	scanned, err := b.scanned(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.takeAll(ctx, &s.series, b.chargeDue(due)); err != nil {
		return nil, err
	}
	if s.scanned, err = b.scanned(ctx); err != nil {
		return nil, err
	}
	for table := range s.scanned {
		s.scanned[table] -= scanned[table]
	}
	return s, nil
}

// begin starts the workflows of open invoices and waits until they wait.
func (b *bench) begin(ctx context.Context, ids []uuid.UUID) error {
	tenants, err := column[uuid.UUID](ctx, b, "select id from tenants where path = $1", organisation)
	if err != nil {
		return err
	}
	next := make(chan uuid.UUID, len(ids))
	for _, id := range ids {
		next <- id
	}
	_, err = b.repeat(ctx, len(ids), b.InFlight, func(ctx context.Context) (string, error) {
		invoice := remit.Invoice{ID: <-next, OrganisationID: tenants[0], Status: remit.InvoiceOpen, DueDate: remit.DateOf(b.operator.Commands.Now())}
		return "", b.operator.Commands.Begin(ctx, tenants[0], invoice)
	})
	if err != nil {
		return err
	}
	return b.calm(ctx, calmAtMost)
}

func (b *bench) scanned(ctx context.Context) (map[string]int64, error) {
	type table struct {
		Name string
		Read int64
	}
	all := map[string]int64{}
	err := b.asOwner(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, "select relname, coalesce(seq_tup_read, 0) from pg_stat_user_tables")
		if err != nil {
			return fmt.Errorf("read how tables were read: %w", err)
		}
		tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
		for _, t := range tables {
			all[t.Name] = t.Read
		}
		return err
	})
	return all, err
}
