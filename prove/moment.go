package prove

import (
	"context"
	"reflect"
	"strings"
)

// mostMoments is how often the facts are gathered that did not stand still meanwhile.
const mostMoments = 5

// factsOfOneMoment gathers the facts, and again once the world has come to rest anew,
// as long as Stripe's books or Remit's own move while it does: what is read of the one
// and of the other, and in one question and the next, is to be of one moment, though a
// charge may fall due at any, and an invoice be sent.
func (w *world) factsOfOneMoment(ctx context.Context) (f facts, err error) {
	for range mostMoments {
		before, err := w.written(ctx)
		if err != nil {
			return f, err
		}
		if f, err = w.facts(ctx); err != nil {
			return f, err
		}
		books, err := w.books(ctx)
		if err != nil {
			return f, err
		}
		after, err := w.written(ctx)
		if err != nil || f.Books.sameMoney(books) && before == after {
			return f, err
		}
		if err := w.settle(ctx); err != nil {
			return f, err
		}
	}
	return f, nil
}

// written is how much Remit has written so far of what the facts are read from.
func (w *world) written(ctx context.Context) (string, error) {
	all, err := column[string](ctx, w, `select concat_ws(' ', (select count(*) from ledger_entries where tenant = $1), (select count(*) from timeline where tenant = $1),
		(select count(*) from billing_schedule_history where tenant = $1), (select clock_offset from organisations where tenant = $1 and clock_offset is not null))`)
	return strings.Join(all, ""), err
}

// sameMoney reports that two readings of the books tell of the same money.
func (b books) sameMoney(other books) bool {
	return reflect.DeepEqual(b.Intents, other.Intents) && reflect.DeepEqual(b.Charges, other.Charges) &&
		reflect.DeepEqual(b.Refunds, other.Refunds) && reflect.DeepEqual(b.Disputes, other.Disputes)
}
