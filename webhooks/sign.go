package webhooks

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"remit"
	"remit/secrets"
)

// secretBytes is how long a new secret is; the scheme asks for 24 to 64.
const secretBytes = 32

// NewSecret makes what an endpoint's events are signed with, as the scheme
// writes it: whsec_ and base64.
func NewSecret() secrets.Secret {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // never fails
	return secrets.NewSecret("whsec_" + base64.StdEncoding.EncodeToString(raw))
}

// SecretPlace is where an endpoint's secret is sealed.
func SecretPlace(tenant, endpoint uuid.UUID) secrets.AD {
	return secrets.AD{Tenant: tenant, Table: "webhook_endpoints", Column: "secret", Row: endpoint.String()}
}

// request is an event as it is sent, signed at that moment. Every try has the
// same webhook-id, by which a receiver tells what it has already.
func request(ctx context.Context, url string, secret secrets.Secret, e remit.Event, now time.Time) (*http.Request, error) {
	body, err := e.Body()
	if err != nil {
		return nil, err
	}
	signer, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		return nil, errors.New("an endpoint's secret is none")
	}
	signature, err := signer.Sign(e.ID.String(), now, body)
	if err != nil {
		return nil, fmt.Errorf("sign an event: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("address an event: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Remit")
	r.Header.Set(standardwebhooks.HeaderWebhookID, e.ID.String())
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return r, nil
}
