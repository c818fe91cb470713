package dev

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"remit/commands"
	"remit/demo"
	"remit/gateway"
	"remit/secrets"
)

// platform is Remit's own account at the stand-in, in whose name accounts are made
// and linked.
type platform struct {
	key           secrets.Secret
	clientID      string
	connectSecret secrets.Secret
}

// openPlatform opens the platform's account at the stand-in and has it send people,
// and events of connected accounts, to where Remit will be served. Beside another
// Stripe it is what was configured.
func (r *running) openPlatform(ctx context.Context, address string) (p platform, err error) {
	if r.earnest {
		return platform{key: r.PlatformKey, clientID: r.ClientID, connectSecret: r.ConnectSecret}, nil
	}
	if p.key, err = r.secret("platform.key", func() string { return "sk_test_" + rand.Text() }); err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var own struct {
		ClientID string `json:"client_id"`
	}
	register := map[string]any{"redirect_uris": []string{address + commands.OAuthReturn}}
	if err := r.controlStandin(ctx, p.key, "/_sandbox/platform", register, &own); err != nil {
		return p, err
	}
	p.clientID = own.ClientID
	if err := r.controlStandin(ctx, p.key, "/_sandbox/account", map[string]any{"business_name": "Remit"}, nil); err != nil {
		return p, err
	}
	p.connectSecret, err = r.connectEndpoint(ctx, p.key, address)
	return p, err
}

// connectEndpoint is the signing secret of the platform's endpoint, which is made at
// the first start and led here at each.
func (r *running) connectEndpoint(ctx context.Context, key secrets.Secret, address string) (secrets.Secret, error) {
	var failed error
	secret, err := r.secret("connect.secret", func() string {
		at := gateway.New(gateway.Options{URL: r.standin, PlatformKey: key.Reveal()}).Platform()
		_, made, err := at.CreateConnectEndpoint(ctx, "connect-endpoint", address+"/webhooks/stripe")
		failed = err
		return made
	})
	if err == nil && failed == nil {
		err = demo.KeepWebhooks(ctx, r.standin, key, address)
	}
	return secret, errors.Join(failed, err)
}

func (r *running) controlStandin(ctx context.Context, key secrets.Secret, path string, wish, into any) error {
	body, err := json.Marshal(wish)
	if err != nil {
		return fmt.Errorf("write to the stand-in: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.standin+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("address the stand-in: %w", err)
	}
	request.SetBasicAuth(key.Reveal(), "")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reach the stand-in: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the stand-in answers %d to %s", response.StatusCode, path)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("read the stand-in: %w", err)
	}
	return nil
}

// address is where Remit will be reached.
func (r *running) address() string {
	if r.PublicURL != "" {
		return r.PublicURL
	}
	return (&url.URL{Scheme: "http", Host: r.Address}).String()
}
