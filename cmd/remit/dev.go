package main

import (
	"context"

	"remit/api/httpsec"
	"remit/dev"
)

type devCommand struct {
	NoDemo           bool `help:"Without demo data."`
	LoopbackWebhooks bool `help:"Let webhooks be sent to this machine itself, over http and to any port."`
}

// Help is shown by remit dev --help.
func (devCommand) Help() string {
	return `PostgreSQL, Temporal and a stand-in for Stripe are brought up in the data folder (REMIT_DATA_DIR); DATABASE_URL, TEMPORAL_ADDRESS and STRIPE_API_URL take the place of one each. REMIT_ADDR says where Remit is served.`
}

func (d *devCommand) Run(ctx context.Context, s *surroundings) error {
	c, err := readConfig(s.environ)
	if err != nil {
		return err
	}
	proxies, err := httpsec.ParseProxies(c.Proxies)
	if err != nil {
		return err
	}
	fee, err := c.applicationFee()
	if err != nil {
		return err
	}
	return dev.Run(ctx, dev.Options{
		Folder: c.DataDir, Address: c.Addr, PublicURL: c.PublicURL, DatabaseURL: c.DatabaseURL,
		TemporalAddress: c.TemporalAddress, Namespace: c.TemporalNamespace, StripeURL: c.StripeURL, StripeRate: c.StripeRate, StripeKey: c.StripeKey,
		PlatformKey: c.PlatformKey, ClientID: c.ClientID, ConnectSecret: c.ConnectSecret, ApplicationFee: fee,
		NoDemo: d.NoDemo, LoopbackWebhooks: d.LoopbackWebhooks, Proxies: proxies, Program: s.program, ProgramEnv: s.childEnvironment(), LogLevel: c.LogLevel, Out: s.out,
		Portal: pages,
	})
}

// childVariable is set in tests, where this program is the tests' own.
const childVariable = "REMIT_TEST_PROGRAM"

// childEnvironment is what the stand-in's process needs to be this program.
func (s *surroundings) childEnvironment() []string {
	for _, pair := range s.environ {
		if pair == childVariable+"=1" {
			return []string{pair}
		}
	}
	return nil
}
