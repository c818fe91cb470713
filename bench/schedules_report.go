package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"remit"
)

// billingUsed is what billing takes: processor time, transactions, bytes on disk.
type billingUsed struct {
	usage

	remit, temporal int64
}

func (u billingUsed) minus(o billingUsed) billingUsed {
	return billingUsed{usage{u.cpu.minus(o.cpu), u.transactions - o.transactions}, u.remit - o.remit, u.temporal - o.temporal}
}

func (b *bench) billingUsage(ctx context.Context) (u billingUsed, err error) {
	if err := b.rest(ctx); err != nil {
		return u, err
	}
	if u.usage, err = b.used(ctx); err != nil {
		return u, err
	}
	sizes, err := column[int64](ctx, b, "select pg_database_size(d) from unnest(array['remit', 'temporal', 'temporal_visibility']) d")
	if err == nil {
		u.remit, u.temporal = sizes[0], sizes[1]+sizes[2]
	}
	return u, err
}

// reportBilling prints what the first of a month came to.
func (b *bench) reportBilling(ctx context.Context, all []*biller, took time.Duration, used billingUsed, paid []*series) error {
	big, small := all[0], all[1:]
	slices.SortFunc(small, func(x, y *biller) int { return cmp.Compare(x.took, y.took) })
	each := func(total float64) float64 { return total / float64(b.Scale) }
	fmt.Fprintf(b.out, "\n%d schedules due on the same first of a month, %d of one organisation and %d of each of %d others; each period was billed once%s\n\n",
		b.Scale, big.schedules, smallSchedules, len(small), loadNow())
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "all invoices made and sent\t%s, %.1f a second\n", took.Round(100*time.Millisecond), float64(b.Scale)/took.Seconds())
	fmt.Fprintf(table, "the small organisations' last invoice\tafter %s (the first), %s (half of them), %s (the last)\n",
		small[0].took.Round(100*time.Millisecond), small[len(small)/2].took.Round(100*time.Millisecond), small[len(small)-1].took.Round(100*time.Millisecond))
	fmt.Fprintf(table, "the big organisation's\tafter %s\n", big.took.Round(100*time.Millisecond))
	fmt.Fprintf(table, "an invoice, payments beside it included\t%.1f ms of processor (Remit %.1f, PostgreSQL %.1f, Temporal %.1f), %.1f transactions\n",
		each(used.cpu.sum().Seconds()*1e3), each(used.cpu.remit.Seconds()*1e3), each(used.cpu.postgres.Seconds()*1e3), each(used.cpu.temporal.Seconds()*1e3), each(float64(used.transactions)))
	const kilo, mega = 1e3, 1e6
	fmt.Fprintf(table, "\t%.1f kB on disk in Remit's database, %.1f kB in Temporal's\n", each(float64(used.remit))/kilo, each(float64(used.temporal))/kilo)
	billing, _, err := b.cost(ctx, []string{remit.BillingWorkflowID(big.tenant)})
	if err != nil {
		return err
	}
	invoices, err := column[string](ctx, b, "select 'invoice-payment/' || invoice_id from billing_periods where schedule_id >= $1 limit 20", firstCopy)
	if err != nil {
		return err
	}
	own, _, err := b.cost(ctx, invoices)
	if err != nil {
		return err
	}
	fmt.Fprintf(table, "\t%.3f events of Billing (%.0f for %d invoices), %.1f of its own workflow\n", billing/float64(big.schedules), billing, big.schedules, own)
	fmt.Fprintf(table, "memory at most\tRemit %.0f MB, Temporal %.0f MB\n", memoryOf("\x00serve\x00", mostMemory)/mega, memoryOf("temporald", mostMemory)/mega)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return b.reportPaid(paid)
}
