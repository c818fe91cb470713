package httpsec

import (
	"context"
	"errors"
)

// ClientLeft reports that err came about because the client of this request's
// context had gone: no failure of ours, and nobody reads the answer. Outages are
// those where another service was being waited for, whatever it made of the
// cancellation.
func ClientLeft(ctx context.Context, err error, outage bool) bool {
	return errors.Is(ctx.Err(), context.Canceled) && (outage || errors.Is(err, context.Canceled))
}
