package activities

import (
	"context"

	"github.com/google/uuid"

	"remit/gateway"
	"remit/postgres"
)

// noteKept notes of a key whose connection has ended, and which is kept to follow what is
// on its way, whether Stripe still takes it: by its answer to a question that was asked
// with it. While it does not, nobody can ask there, and people are asked to look. It is
// tried again all the same.
func (p *Payments) noteKept(ctx context.Context, tenant uuid.UUID, link *Link, answer error) error {
	refused := gateway.IsKeyRefused(answer)
	if link.Mode.Platform() || link.DisconnectedAt == nil || refused == (link.KeysRefused != nil) || answer != nil && !refused {
		return nil
	}
	return p.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if !refused {
			if err := tx.KeyTaken(ctx, link.ID); err != nil {
				return err
			}
			return tx.DoubtDisputes(ctx, link.Account, link.Livemode, clock.Now(p.Now()))
		}
		return tx.KeyRefused(ctx, link.ID, clock.Now(p.Now()))
	})
}
