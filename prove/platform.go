package prove

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"remit/commands"
	"remit/gateway"
	"remit/secrets"
)

// newStripeKey is a key that opens an account of its own at the stand-in.
func newStripeKey() secrets.Secret {
	return secrets.NewSecret("sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", ""))
}

// openPlatform opens the account in whose name others are connected, and gives what
// Remit's processes are told of it. Stripe looks at what owners say at once: how long
// it takes is proved elsewhere.
func (h *house) openPlatform(ctx context.Context) (env []string, err error) {
	h.platform = newCaller(h.standin, newStripeKey())
	var own struct {
		ClientID string `json:"client_id"`
	}
	if err := h.platform.must(ctx, http.MethodPost, "/_sandbox/platform", map[string]any{"redirect_uris": []string{h.url + commands.OAuthReturn}}, &own); err != nil {
		return nil, err
	}
	if err := h.platform.must(ctx, http.MethodPost, "/_sandbox/settings", map[string]any{"verification_ms": 0}, nil); err != nil {
		return nil, err
	}
	key := h.platform.token.Reveal()
	at := gateway.New(gateway.Options{URL: h.standin, PlatformKey: key}).Platform()
	_, secret, err := at.CreateConnectEndpoint(ctx, "endpoint", h.url+"/webhooks/stripe")
	if err != nil {
		return nil, fmt.Errorf("make the platform's endpoint: %w", err)
	}
	return []string{"STRIPE_PLATFORM_KEY=" + key, "STRIPE_CLIENT_ID=" + own.ClientID, "STRIPE_CONNECT_SECRET=" + secret,
		"REMIT_APPLICATION_FEE=1.5", "REMIT_APPLICATION_FEE_REFUNDS=return"}, nil
}

// accountsMade are the accounts that the platform has made for a connection.
func (h *house) accountsMade(ctx context.Context, connection string) (ids []string, err error) {
	for after := ""; ; {
		var page struct {
			Data []struct {
				ID       string
				Metadata struct {
					Connection string `json:"remit_connection"`
				}
			}
			More bool `json:"has_more"`
		}
		if err := h.platform.must(ctx, http.MethodGet, "/v1/accounts?limit=100"+after, nil, &page); err != nil {
			return nil, err
		}
		for _, account := range page.Data {
			after = "&starting_after=" + account.ID
			if account.Metadata.Connection == connection {
				ids = append(ids, account.ID)
			}
		}
		if !page.More || len(page.Data) == 0 {
			return ids, nil
		}
	}
}
