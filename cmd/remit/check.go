package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"remit"
	"remit/commands"
	"remit/gateway"
	"remit/identity"
	"remit/program"
	"remit/smtp"
)

// need says which settings a command cannot do without.
type need struct{ database, temporal, masterKey bool }

// check finds everything in the settings that a command could not work with,
// or should not: passwords and money do not travel in the open.
func (c config) check(n need) error {
	var problems []error
	missing := func(wanted bool, given bool, name, what string) {
		if wanted && !given {
			problems = append(problems, fmt.Errorf("%s is not set: %s", name, what))
		}
	}
	missing(n.database, !c.DatabaseURL.IsZero(), "DATABASE_URL", "the PostgreSQL database, postgres://user:password@host:5432/remit?sslmode=verify-full (or DATABASE_URL_FILE)")
	missing(n.temporal, c.TemporalAddress != "", "TEMPORAL_ADDRESS", "the Temporal server, host:7233")
	missing(n.masterKey, c.MasterKeyFile != "", "REMIT_MASTER_KEY_FILE", "the file with the key that seals all others (docs/operations.md)")
	problems = append(problems, c.checkDatabase(), c.checkTemporal(), checkHTTPS("REMIT_PUBLIC_URL", c.PublicURL), checkHTTPS("STRIPE_API_URL", c.StripeURL))
	if _, err := c.identityProvider(); err != nil {
		problems = append(problems, err)
	}
	if _, err := gateway.ParseLimits(c.StripeRate, c.StripeURL); err != nil {
		problems = append(problems, fmt.Errorf("REMIT_STRIPE_RATE: %w", err))
	}
	if c.PlatformKey.IsZero() && (c.ClientID != "" || !c.ConnectSecret.IsZero()) {
		problems = append(problems, errors.New("STRIPE_CLIENT_ID and STRIPE_CONNECT_SECRET belong to STRIPE_PLATFORM_KEY (or STRIPE_PLATFORM_KEY_FILE), which is not set"))
	}
	if _, err := c.applicationFee(); err != nil {
		problems = append(problems, err)
	}
	if _, err := c.postman(); err != nil {
		problems = append(problems, err)
	}
	if c.Addr != "" {
		if _, _, err := net.SplitHostPort(c.Addr); err != nil {
			problems = append(problems, fmt.Errorf("REMIT_ADDR: %q is not host:port, such as 127.0.0.1:8080", c.Addr))
		}
	}
	return errors.Join(problems...)
}

// checkHTTPS refuses an address in the open beyond this machine.
func checkHTTPS(name, address string) error {
	if address == "" {
		return nil
	}
	parsed, err := url.Parse(address)
	switch {
	case err != nil || parsed.Host == "" || parsed.RawQuery != "" || parsed.Fragment != "":
		return fmt.Errorf("%s: %q is not an address such as https://pay.example.com", name, address)
	case parsed.Scheme != "https" && (parsed.Scheme != "http" || !program.IsLoopback(parsed.Hostname())):
		return fmt.Errorf("%s: %q must be https; http is for this machine alone", name, address)
	}
	return nil
}

// identityProvider is nil where none is configured.
func (c config) identityProvider() (*identity.Provider, error) {
	if c.OIDCIssuer == "" && c.OIDCClient == "" && c.OIDCSecret.IsZero() && c.OIDCName == "" {
		return nil, nil //nolint:nilnil // no provider is not an error
	}
	if c.OIDCIssuer == "" || c.OIDCClient == "" || c.OIDCSecret.IsZero() {
		return nil, errors.New("REMIT_OIDC_ISSUER, REMIT_OIDC_CLIENT_ID and REMIT_OIDC_CLIENT_SECRET (or REMIT_OIDC_CLIENT_SECRET_FILE) go together")
	}
	provider, err := identity.New(identity.Options{
		Issuer: c.OIDCIssuer, ClientID: c.OIDCClient, ClientSecret: c.OIDCSecret, Name: c.OIDCName, PageOrigins: c.FormTargets,
	})
	if err != nil {
		return nil, fmt.Errorf("REMIT_OIDC_ISSUER: %w", err)
	}
	return provider, nil
}

// applicationFee is what Remit's own Stripe account takes of others' payments. Without
// such an account there is nothing to take it.
func (c config) applicationFee() (remit.ApplicationFee, error) {
	fee, err := remit.ParseApplicationFee(c.FeeRate, c.FeeOfRefunds)
	if err != nil {
		return fee, fmt.Errorf("REMIT_APPLICATION_FEE, REMIT_APPLICATION_FEE_REFUNDS: %w", err)
	}
	return fee, nil
}

// postman is nil where no mail server is configured. Mails travel in the open to a
// server on this machine alone.
func (c config) postman() (commands.Postman, error) {
	if c.SMTPURL == "" && c.SMTPFrom == "" && c.SMTPPassword.IsZero() {
		return nil, nil //nolint:nilnil // no mail server is not an error
	}
	if c.SMTPURL == "" || c.SMTPFrom == "" {
		return nil, errors.New("REMIT_SMTP_URL and REMIT_SMTP_FROM go together")
	}
	sender, err := smtp.New(smtp.Options{URL: c.SMTPURL, Password: c.SMTPPassword, From: c.SMTPFrom, Local: program.IsLoopback})
	if err != nil {
		return nil, fmt.Errorf("REMIT_SMTP_URL: %w", err)
	}
	return sender, nil
}

// checkDatabase wants the server's certificate verified, unless the server is
// on this machine or its network is said to be trusted.
func (c config) checkDatabase() error {
	if c.DatabaseURL.IsZero() {
		return nil
	}
	parsed, err := pgconn.ParseConfig(c.DatabaseURL.Reveal())
	if err != nil {
		return errors.New("DATABASE_URL is not a PostgreSQL address") // the error may hold the password
	}
	ways := []*pgconn.FallbackConfig{{Host: parsed.Host, TLSConfig: parsed.TLSConfig}}
	for _, way := range append(ways, parsed.Fallbacks...) {
		local := strings.HasPrefix(way.Host, "/") || program.IsLoopback(way.Host)
		verified := way.TLSConfig != nil && !way.TLSConfig.InsecureSkipVerify
		if !local && !verified && !c.TrustedNetwork {
			return fmt.Errorf("DATABASE_URL: the connection to %s is not verified; use sslmode=verify-full, or say REMIT_TRUSTED_NETWORK=true where the network between the two is private", way.Host)
		}
	}
	return nil
}

func (c config) checkTemporal() error {
	if c.TemporalAddress == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.TemporalAddress)
	if err != nil {
		return fmt.Errorf("TEMPORAL_ADDRESS: %q is not host:port, such as temporal.example.com:7233", c.TemporalAddress)
	}
	if (c.TemporalCertFile == "") != (c.TemporalKeyFile == "") {
		return errors.New("TEMPORAL_TLS_CERT_FILE and TEMPORAL_TLS_KEY_FILE go together")
	}
	if !c.usesTemporalTLS() && !program.IsLoopback(host) && !c.TrustedNetwork {
		return fmt.Errorf("TEMPORAL_ADDRESS: %s is reached without TLS; set TEMPORAL_TLS_CA_FILE, _CERT_FILE and _KEY_FILE, or say REMIT_TRUSTED_NETWORK=true where the network between the two is private", host)
	}
	return nil
}

func (c config) usesTemporalTLS() bool { return c.TemporalCAFile != "" || c.TemporalCertFile != "" }

// temporalTLS is nil where Temporal is reached in the open.
func (c config) temporalTLS() (*tls.Config, error) {
	if !c.usesTemporalTLS() {
		return nil, nil //nolint:nilnil // no TLS is not an error
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TemporalServerName}
	if c.TemporalCAFile != "" {
		raw, err := os.ReadFile(c.TemporalCAFile)
		if err != nil {
			return nil, fmt.Errorf("TEMPORAL_TLS_CA_FILE: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(raw) {
			return nil, fmt.Errorf("TEMPORAL_TLS_CA_FILE: no certificate in %s", c.TemporalCAFile)
		}
	}
	if c.TemporalCertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.TemporalCertFile, c.TemporalKeyFile)
		if err != nil {
			return nil, fmt.Errorf("TEMPORAL_TLS_CERT_FILE: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
