package main

import (
	"context"
	"fmt"

	"remit/commands"
	"remit/secrets"
)

type keysCommand struct {
	Rotate keysRotateCommand `cmd:"" help:"Add a key to a purpose and seal anew what is kept for good."`
	Retire keysRetireCommand `cmd:"" help:"End an older key: what it sealed opens no more."`
	List   keysListCommand   `cmd:"" help:"List the keys of every purpose."`
	Record keysRecordCommand `cmd:"" help:"Sign payment records of an organisation with a new key from now on."`
}

type keysRotateCommand struct {
	Purpose secrets.Purpose `arg:"" help:"As in remit keys list, such as stripe_keys."`
}

func (k *keysRotateCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, false, func(c *commands.Commands) error {
		done, err := c.RotateKeys(ctx, k.Purpose)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s has a new key; %d stored values were sealed anew.\n", done.Purpose, done.Resealed)
		s.printKeys(done.Purpose, done.Keys)
		return nil
	})
}

type keysRetireCommand struct {
	Purpose secrets.Purpose `arg:""`
	ID      uint32          `arg:"" help:"The key's number, as in remit keys list."`
}

func (k *keysRetireCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, false, func(c *commands.Commands) error {
		if err := c.Secrets.Retire(ctx, k.Purpose, k.ID); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Key %d of %s is retired.\n", k.ID, k.Purpose)
		return nil
	})
}

type keysRecordCommand struct {
	Organisation string `arg:"" help:"Top-level path, such as /acme."`
}

func (k *keysRecordCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, false, func(c *commands.Commands) error {
		made, err := c.ReplaceRecordKey(ctx, k.Organisation)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Records of %s are signed by the key %s from now on. The private key before it is gone; its public key stays, for the records it signed.\n%s", k.Organisation, made.ID, made.PEM)
		return nil
	})
}

type keysListCommand struct{}

func (keysListCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, false, func(c *commands.Commands) error {
		for _, purpose := range secrets.Purposes() {
			keys, err := c.Secrets.KeyInfo(purpose)
			if err != nil {
				return err
			}
			s.printKeys(purpose, keys)
		}
		return nil
	})
}

func (s *surroundings) printKeys(purpose secrets.Purpose, keys []secrets.KeyInfo) {
	for _, key := range keys {
		use := "opens what is old"
		switch {
		case !key.Enabled:
			use = "retired"
		case key.Primary:
			use = "in use"
		}
		fmt.Fprintf(s.out, "%-18s %10d  %s\n", purpose, key.ID, use)
	}
}
