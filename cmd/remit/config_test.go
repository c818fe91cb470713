package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A wrong setting is found at the start, with all others that are wrong, and
// named so that it can be mended.
func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, err := readConfig([]string{
		"REMIT_TRUSTED_NETWORK=perhaps", "REMIT_LOG_LEVEL=loud",
		"DATABASE_URL=x", "DATABASE_URL_FILE=/nowhere", "REMIT_TOKEN_FILE=/nowhere/at/all",
	})
	for _, want := range []string{"REMIT_TRUSTED_NETWORK", "REMIT_LOG_LEVEL", "DATABASE_URL and DATABASE_URL_FILE", "REMIT_TOKEN_FILE"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	err = config{Addr: "8080", PublicURL: "http://pay.example.com", StripeURL: "http://10.0.0.1", StripeRate: "fast", OIDCName: "Acme"}.check(need{database: true, temporal: true, masterKey: true})
	for _, want := range []string{"DATABASE_URL", "TEMPORAL_ADDRESS", "REMIT_MASTER_KEY_FILE", "REMIT_ADDR", "REMIT_PUBLIC_URL", "STRIPE_API_URL", "REMIT_STRIPE_RATE", "REMIT_OIDC_CLIENT_SECRET"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

// Passwords and money do not travel in the open beyond this machine, unless
// the operator says that the network is his own.
func TestConnectionsAreVerified(t *testing.T) {
	t.Parallel()
	for url, open := range map[string]bool{
		"postgres://u:p@127.0.0.1:5432/remit?sslmode=disable":      false,
		"postgres://u:p@localhost:5432/remit":                      false,
		"postgres:///remit?host=/var/run/postgresql":               false,
		"postgres://u:p@db.example.com/remit?sslmode=verify-full":  false,
		"postgres://u:p@db.example.com/remit?sslmode=disable":      true,
		"postgres://u:p@db.example.com/remit":                      true,
		"postgres://u:p@db.example.com/remit?sslmode=require":      true,
		"postgres://u:p@127.0.0.1,10.0.0.9/remit?sslmode=disable":  true,
		"host=db.example.com user=u password=p sslmode=disable":    true,
		"host=127.0.0.1 user=u password=p sslmode=disable":         false,
		"postgres://u:p@db.example.com:5432/remit?sslmode=prefer":  true,
		"postgres://u:p@db.example.com/remit?sslmode=verify-full&": false,
	} {
		c, err := readConfig([]string{"DATABASE_URL=" + url})
		if err != nil {
			t.Fatal(err)
		}
		err = c.check(need{})
		if (err != nil) != open {
			t.Errorf("%s: %v, want it refused: %v", url, err, open)
		}
		if err != nil && strings.Contains(err.Error(), "u:p") {
			t.Errorf("the error shows the password: %v", err)
		}
		if c.TrustedNetwork = true; c.check(need{}) != nil {
			t.Errorf("%s is refused on a trusted network", url)
		}
	}
	for address, open := range map[string]bool{"127.0.0.1:7233": false, "temporal:7233": true} {
		if err := (config{TemporalAddress: address}).check(need{}); (err != nil) != open {
			t.Errorf("Temporal at %s: %v", address, err)
		}
		if err := (config{TemporalAddress: address, TemporalCAFile: "ca.pem"}).check(need{}); err != nil {
			t.Errorf("Temporal at %s over TLS: %v", address, err)
		}
	}
}

// What `remit config` prints can be shown to anybody.
func TestConfigShowsNoSecret(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("token-in-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := &surroundings{out: &out, environ: []string{
		"DATABASE_URL=postgres://remit:hunter2@db.example.com:5432/remit?sslmode=verify-full&password=hunter3", "REMIT_TOKEN_FILE=" + secret,
		"STRIPE_SECRET_KEY=sk_test_visible", "REMIT_OIDC_CLIENT_SECRET=client-secret", "REMIT_ADR=127.0.0.1:1",
	}}
	if code := run(t.Context(), []string{"config"}, s, &out); code != 0 {
		t.Fatalf("ended with %d: %s", code, &out)
	}
	for _, hidden := range []string{"hunter", "token-in-a-file", "sk_test_visible", "client-secret"} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("shows %s:\n%s", hidden, &out)
		}
	}
	for _, shown := range []string{"db.example.com:5432", "REMIT_ADR is set and is no setting"} {
		if !strings.Contains(out.String(), shown) {
			t.Errorf("does not show %q:\n%s", shown, &out)
		}
	}
}

// A command line that is not one is told apart from a command that failed.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]int{"version": 0, "--help": 0, "dev --help": 0, "bogus": exitUsage, "import": exitUsage, "serve": exitFailure} {
		var out bytes.Buffer
		if code := run(t.Context(), strings.Fields(line), &surroundings{out: &out}, &out); code != want {
			t.Errorf("remit %s ended with %d, want %d: %s", line, code, want, &out)
		}
	}
}
