package dev

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"remit/secrets"
)

// Names of files in the data folder that other commands read.
const (
	// TokenFile holds an API token of the demo's administrator.
	TokenFile = "cli-token"
	// EnvironmentFile holds the settings by which this machine's commands
	// reach what `remit dev` runs.
	EnvironmentFile = "remit.env"
	// SealsFile holds the seals of audit trails.
	SealsFile = "audit-seals.jsonl"
)

// secret reads a secret of the data folder, made on first use.
func (r *running) secret(name string, make func() string) (secrets.Secret, error) {
	path := r.folder.Path(name)
	raw, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(raw))) > 0 {
		return secrets.NewSecret(strings.TrimSpace(string(raw))), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return secrets.Secret{}, fmt.Errorf("read a secret of the data folder: %w", err)
	}
	value := make()
	return secrets.NewSecret(value), writeFile(path, value+"\n")
}

func newPassword() string { return rand.Text() + rand.Text() }

// stripeKey is the key of the stand-in's account at which the demo is paid.
func (r *running) stripeKey() (secrets.Secret, error) {
	if !r.StripeKey.IsZero() {
		return r.StripeKey, nil
	}
	return r.secret("stripe.key", func() string { return "sk_test_" + rand.Text() })
}

// writeEnvironment notes how to reach what runs, for `remit verify` and its like.
func (r *running) writeEnvironment(kek string) error {
	var text strings.Builder
	platform := ""
	if !r.earnest {
		platform = r.folder.Path("platform.key")
	}
	text.WriteString("# How the commands of this machine reach what `remit dev` runs.\n")
	for _, setting := range [][2]string{
		{"DATABASE_URL", r.database}, {"TEMPORAL_ADDRESS", r.TemporalAddress}, {"TEMPORAL_NAMESPACE", r.Namespace},
		{"STRIPE_API_URL", r.standin}, {"REMIT_MASTER_KEY_FILE", kek}, {"REMIT_PUBLIC_URL", r.program.URL}, {"REMIT_URL", r.program.URL},
		{"REMIT_OPS_ADDR", strings.TrimPrefix(r.program.OpsURL, "http://")}, {"REMIT_AUDIT_SEALS", r.folder.Path(SealsFile)},
		{"STRIPE_PLATFORM_KEY_FILE", platform},
	} {
		text.WriteString(setting[0] + "=" + setting[1] + "\n")
	}
	return writeFile(r.folder.Path(EnvironmentFile), text.String())
}

// ReadEnvironment reads the settings a Remit of the data folder left, or none.
func ReadEnvironment(folder string) (map[string]string, error) {
	raw, err := os.ReadFile(filepath.Join(folder, EnvironmentFile))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the data folder's settings: %w", err)
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && !strings.HasPrefix(name, "#") && value != "" {
			settings[name] = value
		}
	}
	return settings, nil
}

// writeFile writes a file for its owner alone, whole or not at all.
func writeFile(path, content string) error {
	err := os.WriteFile(path+".new", []byte(content), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// openLog opens Remit's log for appending, after setting one above 16 MiB aside.
func openLog(path string) (*os.File, error) {
	const full = 16 << 20
	if info, err := os.Stat(path); err == nil && info.Size() > full {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("log: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return file, nil
}
