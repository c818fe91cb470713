package activities

import (
	"context"
	"fmt"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// waiveRest gives up what is left of an invoice where that is too little for Stripe and
// its settings say so.
func waiveRest(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) ([]remit.TimelineEntry, error) {
	left := l.Billed - l.Applied
	if l.Live != nil || l.WroteOff || l.Contests || !l.WaivesRest(left) {
		return nil, nil
	}
	entry, some := ledger.WriteOff(l.ID, l.Currency, fmt.Sprintf("minimum/%s/%d", l.ID, l.Billed), left)
	if !some {
		return nil, nil
	}
	booked, err := tx.Book(ctx, l, entry)
	if err != nil || !booked {
		return nil, err
	}
	l.WroteOff, l.Outstanding = true, l.Billed-l.Applied
	currency := money.Currency(l.Currency)
	minimum, _ := money.MinimumCharge(currency)
	return []remit.TimelineEntry{{
		Kind: "written_off", Actor: remit.System, What: fmt.Sprintf("%s was given up: it is below the online minimum, %s.", money.Of(left, currency), minimum),
		Why: remit.Why{Rule: "what is too small to collect is given up, as the settings have it", Version: "1"}, Data: map[string]any{"amount": left},
	}}, nil
}
