package program_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/embedded"
	"remit/postgres"
	"remit/program"
	"remit/secrets"
)

// T38: with demo data Remit starts on loopback beside a stand-in on loopback,
// and in no other way.
func TestDemoIsNotExposed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]program.Config{
		"every address":            {Sandbox: true, Listen: "0.0.0.0:8080", StripeURL: "http://127.0.0.1:12111"},
		"every address, unnamed":   {Sandbox: true, Listen: ":8080", StripeURL: "http://127.0.0.1:12111"},
		"a neighbour's address":    {Sandbox: true, Listen: "192.168.1.2:8080", StripeURL: "http://127.0.0.1:12111"},
		"a name that may be taken": {Sandbox: true, Listen: "localhost.example.com:8080", StripeURL: "http://127.0.0.1:12111"},
		"behind a public address":  {Sandbox: true, Listen: "127.0.0.1:0", PublicURL: "https://pay.example.com", StripeURL: "http://127.0.0.1:12111"},
		"Stripe itself":            {Sandbox: true, Listen: "127.0.0.1:0"},
		"Stripe by its name":       {Sandbox: true, Listen: "127.0.0.1:0", StripeURL: "https://api.stripe.com"},
		"webhooks to itself":       {LoopbackWebhooks: true, Listen: "127.0.0.1:0", StripeURL: "http://127.0.0.1:12111"},
		"a stand-in elsewhere":     {Sandbox: true, Listen: "127.0.0.1:0", StripeURL: "http://10.0.0.7:12111"},
	} {
		if p, err := program.Start(t.Context(), c); !errors.Is(err, program.ErrDemo) {
			t.Errorf("%s: started %v, %v; want no start", name, p, err)
		}
	}
}

// T38: a database that holds the demo serves nobody in earnest, and one that
// holds a live connection becomes no demo.
func TestDemoAndRealMoneyDoNotMeet(t *testing.T) {
	t.Parallel()
	kek := t.TempDir() + "/kek"
	must(t, secrets.CreateKEK(kek))
	config := program.Config{
		DatabaseURL: embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate), KEKFile: kek, Sandbox: true,
		StripeURL: "http://127.0.0.1:1", Logger: slog.New(slog.DiscardHandler),
	}
	demo, err := program.Start(t.Context(), config)
	must(t, err)
	must(t, demo.Commands.CreateDemoTenant(t.Context(), commands.OrganisationInput{Path: "/demo"}))
	_, err = demo.Commands.CreateDemoUser(t.Context(), commands.DemoUser{Organisation: "/demo", Email: postgres.DemoAddress("ada"), Name: "Ada"})
	must(t, err)
	must(t, demo.Close(t.Context()))

	earnest := config
	earnest.Sandbox, earnest.StripeURL = false, ""
	refused(t, earnest, "the demo's people")

	config.DatabaseURL = embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	earnest.DatabaseURL = config.DatabaseURL
	connectLive(t, earnest)
	refused(t, config, "in live mode")
}

func refused(t *testing.T, config program.Config, want string) {
	t.Helper()
	config.Listen = "127.0.0.1:0"
	_, err := program.Start(t.Context(), config)
	if !errors.Is(err, program.ErrDemo) || !strings.Contains(err.Error(), want) {
		t.Errorf("started with error %v, want it refused because of %q", err, want)
	}
}

// connectLive stores a connection as it is after live keys were entered.
func connectLive(t *testing.T, config program.Config) {
	t.Helper()
	db, err := postgres.Open(t.Context(), config.DatabaseURL, postgres.Options{})
	must(t, err)
	defer db.Close()
	tenant := uuid.New()
	must(t, db.InTenant(t.Context(), tenant, func(tx *postgres.Tx) error {
		top := remit.Organisation{ID: tenant, Tenant: tenant, Path: "/earnest", Name: "Earnest", TimeZone: "UTC", Currency: "USD"}
		if err := tx.InsertTenant(context.Background(), top); err != nil {
			return err
		}
		return tx.InsertConnection(context.Background(), postgres.SealedConnection{SecretKey: []byte{1}, Connection: remit.Connection{
			ID: uuid.New(), Tenant: tenant, OrganisationID: tenant, Mode: "api_keys", Account: "acct_1", Livemode: true, Status: remit.ConnectionActive,
		}})
	}))
}
