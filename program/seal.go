package program

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// sealWithin bounds the last round, when everything is about to stop.
const sealWithin = 5 * time.Second

// seal signs the heads of audit trails now, each minute, and when Remit stops,
// and puts them where the database's owner cannot reach: into a file, and into
// the log. Any number of processes may do so; only what moved is sealed again.
func (p *Program) seal(background context.Context) error {
	if p.Commands.Seals == nil {
		p.config.Logger.WarnContext(background, "no file of audit seals is set: a rewritten audit trail and a database restored from a backup are not noticed")
		return nil
	}
	if err := p.Commands.Seals.Make(); err != nil {
		return err
	}
	p.sealRound(background)
	every := p.config.SealEvery
	if every == 0 {
		every = time.Minute
	}
	p.running.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-background.Done():
				last, cancel := context.WithTimeout(context.WithoutCancel(background), sealWithin)
				defer cancel()
				p.sealRound(last)
				return
			case <-ticker.C:
				p.sealRound(background)
			}
		}
	})
	return nil
}

func (p *Program) sealRound(ctx context.Context) {
	sealed, err := p.Commands.Seals.Seal(ctx, p.db, time.Now())
	if err != nil && ctx.Err() == nil {
		p.config.Logger.ErrorContext(ctx, "audit trails are not sealed", "error", err)
	}
	for _, s := range sealed {
		p.config.Logger.InfoContext(ctx, "audit trail sealed", "tenant", s.Tenant, "organisation", s.Organisation, "seq", s.Seq,
			"hash", hex.EncodeToString(s.Hash), "at", s.At, "signature", base64.StdEncoding.EncodeToString(s.Signature))
	}
}
