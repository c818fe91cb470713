package record

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/retell"
)

// sums tells the timeline over again and holds the figures to it, and to the lines and
// payments they are made of.
func (s Signed) sums(entries []remit.TimelineEntry) error {
	total := int64(0)
	for _, line := range s.Invoice.Lines {
		total += line.Amount
	}
	for _, a := range s.Invoice.Adjustments {
		total += a.Amount
	}
	payments := map[uuid.UUID]retell.Payment{}
	for _, p := range s.Payments {
		if p.Currency == s.Invoice.Currency {
			return errors.New("a payment names the invoice's currency as another one")
		}
		payments[p.ID] = retell.Payment{State: p.State, Captured: p.Captured, Refunded: p.Refunded}
	}
	f := s.Figures
	if made := FiguresOf(total, f.Billed, f.Applied, s.Payments); made != f {
		return fmt.Errorf("lines, adjustments and payments come to %+v, and the figures are %+v", made, f)
	}
	if len(payments) != len(s.Payments) {
		return errors.New("a payment is in it twice")
	}
	refunds := map[uuid.UUID]remit.RefundState{}
	for _, r := range s.Refunds {
		refunds[r.ID] = r.State
	}
	if len(refunds) != len(s.Refunds) {
		return errors.New("a refund is in it twice")
	}
	told := retell.New()
	for _, e := range entries {
		if err := told.Tell(e); err != nil {
			return fmt.Errorf("entry %d of the timeline cannot be told: %w", e.Seq, err)
		}
	}
	said := *told // what a record does not say of an invoice is as it is told
	said.Status, said.Total, said.Billed, said.Applied, said.DueDate = s.Invoice.Status, f.Total, f.Billed, f.Applied, s.Invoice.DueDate.String()
	said.Payments, said.Refunds = payments, refunds
	for _, d := range told.Differ(&said) {
		return fmt.Errorf("%s: the timeline tells %s, the figures say %s", d.Field, d.Told, d.Stored)
	}
	return nil
}
