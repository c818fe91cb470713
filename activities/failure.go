package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/temporal"

	"remit"
	"remit/gateway"
)

// Types of the errors this package gives to Temporal. They are part of recorded
// histories: renaming one is a migration.
const (
	typeStripe   = "stripe"
	typeInternal = "internal"
	typeRefused  = "refused"
)

// asTemporal gives an error to Temporal as far as it may be kept in a history:
// its type and a text without details; the details go to the log. Everything
// that repeating the step may mend is retryable; a refusal that reached here is
// not.
func asTemporal(ctx context.Context, logger *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	logger.WarnContext(ctx, "a step has to be repeated", "error", err)
	if failure, ok := errors.AsType[*gateway.Failure](err); ok {
		options := temporal.ApplicationErrorOptions{Category: temporal.ApplicationErrorCategoryBenign}
		if failure.Meaning == gateway.Later {
			options.NextRetryDelay = 2 * time.Second
		}
		return temporal.NewApplicationErrorWithOptions(failure.Error(), typeStripe, options)
	}
	if refused := refusal(err); refused != nil {
		return temporal.NewNonRetryableApplicationError(refused.Code, typeRefused, nil)
	}
	return temporal.NewApplicationError(remit.AsError(err).Message, typeInternal)
}

func (p *Payments) asTemporal(ctx context.Context, err error) error {
	return asTemporal(ctx, p.Logger, err)
}
