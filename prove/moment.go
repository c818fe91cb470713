package prove

import (
	"context"
	"reflect"
)

// mostMoments is how often the facts are gathered that did not stand still meanwhile.
const mostMoments = 5

// factsOfOneMoment gathers the facts, and again once the world has come to rest anew,
// as long as Stripe's books move while it does: what is read of the one and of the
// other is to be of one moment, though a charge may fall due at any.
func (w *world) factsOfOneMoment(ctx context.Context) (f facts, err error) {
	for range mostMoments {
		if f, err = w.facts(ctx); err != nil {
			return f, err
		}
		after, err := w.books(ctx)
		if err != nil || f.Books.sameMoney(after) {
			return f, err
		}
		if err := w.settle(ctx); err != nil {
			return f, err
		}
	}
	return f, nil
}

// sameMoney reports that two readings of the books tell of the same money.
func (b books) sameMoney(other books) bool {
	return reflect.DeepEqual(b.Intents, other.Intents) && reflect.DeepEqual(b.Charges, other.Charges) &&
		reflect.DeepEqual(b.Refunds, other.Refunds) && reflect.DeepEqual(b.Disputes, other.Disputes)
}
