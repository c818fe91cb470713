package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"remit/dev"
	"remit/embedded"
	"remit/secrets"
)

// config is every setting, each an environment variable. A secret may be given
// in a file instead, named by the variable with _FILE at its end.
type config struct {
	DataDir        string     `env:"REMIT_DATA_DIR"`        // of `remit dev`
	Addr           string     `env:"REMIT_ADDR"`            // host:port of API and portal
	OpsAddr        string     `env:"REMIT_OPS_ADDR"`        // host:port on loopback of /metrics, /readyz
	PublicURL      string     `env:"REMIT_PUBLIC_URL"`      // as people reach the portal
	Proxies        []string   `env:"REMIT_PROXIES"`         // addresses or networks whose forwarded headers are believed
	FormTargets    []string   `env:"REMIT_FORM_TARGETS"`    // further origins a form may lead to
	TrustedNetwork bool       `env:"REMIT_TRUSTED_NETWORK"` // PostgreSQL and Temporal may be reached without TLS
	LogLevel       slog.Level `env:"REMIT_LOG_LEVEL"       envDefault:"INFO"`

	MasterKeyFile string         `env:"REMIT_MASTER_KEY_FILE"` // the key that seals all others
	AuditSeals    string         `env:"REMIT_AUDIT_SEALS"`     // the file of the audit trails' seals
	DatabaseURL   secrets.Secret `env:"DATABASE_URL"`

	TemporalAddress    string `env:"TEMPORAL_ADDRESS"`
	TemporalNamespace  string `env:"TEMPORAL_NAMESPACE"       envDefault:"remit"`
	TemporalCAFile     string `env:"TEMPORAL_TLS_CA_FILE"`
	TemporalCertFile   string `env:"TEMPORAL_TLS_CERT_FILE"`
	TemporalKeyFile    string `env:"TEMPORAL_TLS_KEY_FILE"`
	TemporalServerName string `env:"TEMPORAL_TLS_SERVER_NAME"`

	StripeURL     string         `env:"STRIPE_API_URL"`                // "" is Stripe itself
	StripeKey     secrets.Secret `env:"STRIPE_SECRET_KEY"`             // a test key for the demo of `remit dev`
	PlatformKey   secrets.Secret `env:"STRIPE_PLATFORM_KEY"`           // of Remit's own account, in whose name others are connected
	ClientID      string         `env:"STRIPE_CLIENT_ID"`              // its id for OAuth
	ConnectSecret secrets.Secret `env:"STRIPE_CONNECT_SECRET"`         // signs what Stripe reports of connected accounts to /webhooks/stripe
	FeeRate       string         `env:"REMIT_APPLICATION_FEE"`         // percentage that it takes of payments to accounts connected to it
	FeeOfRefunds  string         `env:"REMIT_APPLICATION_FEE_REFUNDS"` // keep or return it with a refund
	StripeRate    string         `env:"REMIT_STRIPE_RATE"`             // auto, off or calls a second to each account

	OIDCIssuer string         `env:"REMIT_OIDC_ISSUER"` // an OpenID Connect provider that people may sign in at
	OIDCClient string         `env:"REMIT_OIDC_CLIENT_ID"`
	OIDCSecret secrets.Secret `env:"REMIT_OIDC_CLIENT_SECRET"`
	OIDCName   string         `env:"REMIT_OIDC_NAME"` // as the sign-in page calls it

	SMTPURL      string         `env:"REMIT_SMTP_URL"` // a mail server, smtp://user@host:587 or smtps://user@host:465; "" leaves mails in the outbox
	SMTPPassword secrets.Secret `env:"REMIT_SMTP_PASSWORD"`
	SMTPFrom     string         `env:"REMIT_SMTP_FROM"` // address that mails come from

	URL   string         `env:"REMIT_URL"`   // of a running Remit, for the commands that ask it
	Token secrets.Secret `env:"REMIT_TOKEN"` // an API token for it
}

// readConfig reads the settings from an environment such as os.Environ gives.
// Everything wrong with it is in the error.
func readConfig(environ []string) (config, error) {
	settings := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		settings[name] = value
	}
	problems := readSecretFiles(settings)
	var c config
	err := env.ParseWithOptions(&c, env.Options{Environment: settings})
	if all, ok := errors.AsType[env.AggregateError](err); ok {
		for _, problem := range all.Errors {
			problems = append(problems, named(problem))
		}
	} else if err != nil {
		problems = append(problems, err)
	}
	return c, errors.Join(problems...)
}

// named says which variable cannot be read, instead of which field.
func named(problem error) error {
	wrong, ok := errors.AsType[env.ParseError](problem)
	if !ok {
		return problem
	}
	field, _ := reflect.TypeFor[config]().FieldByName(wrong.Name)
	return fmt.Errorf("%s: %w", field.Tag.Get("env"), wrong.Err)
}

// readSecretFiles puts the content of each NAME_FILE in NAME's place.
func readSecretFiles(settings map[string]string) (problems []error) {
	for _, name := range secretNames() {
		path := settings[name+"_FILE"]
		if path == "" {
			continue
		}
		if settings[name] != "" {
			problems = append(problems, fmt.Errorf("%s and %s_FILE are both set; set one", name, name))
			continue
		}
		content, err := os.ReadFile(path)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s_FILE: %w", name, err))
		case strings.TrimSpace(string(content)) == "":
			problems = append(problems, fmt.Errorf("%s_FILE: %s is empty", name, path))
		default:
			settings[name] = strings.TrimSpace(string(content))
		}
	}
	return problems
}

// secretNames are the variables of the fields that are secrets.
func secretNames() []string {
	var names []string
	for field := range reflect.TypeFor[config]().Fields() {
		if field.Type == reflect.TypeFor[secrets.Secret]() {
			names = append(names, field.Tag.Get("env"))
		}
	}
	return names
}

// localConfig is readConfig for an operator's command: where nothing says which
// database is meant, it is the one that `remit dev` runs on this machine.
func localConfig(environ []string) (config, error) {
	c, err := readConfig(environ)
	if err != nil || !c.DatabaseURL.IsZero() {
		return c, err
	}
	folder, err := c.folder()
	if err != nil {
		return c, err
	}
	left, err := dev.ReadEnvironment(folder)
	if err != nil || len(left) == 0 {
		return c, err
	}
	if !embedded.FolderInUse(folder) {
		// Its ports may be anybody's by now.
		return c, fmt.Errorf("the Remit in %s does not run; start it by `remit dev`, or say which one is meant (DATABASE_URL, or REMIT_URL and REMIT_TOKEN)", folder)
	}
	merged := slices.Clone(environ)
	given := map[string]bool{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		given[name] = value != ""
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if !given[name] {
			merged = append(merged, name+"="+left[name])
		}
	}
	return readConfig(merged)
}

// folder is the data folder of `remit dev`.
func (c config) folder() (string, error) {
	if c.DataDir != "" {
		return c.DataDir, nil
	}
	return embedded.DefaultFolder()
}
