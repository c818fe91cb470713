package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"remit/secrets"
)

// KeepWebhooks has the stand-in's account send its events to where Remit is
// reached now: another port than at the last start, perhaps. Without it Remit
// would have to ask, which is slower and comes to the same.
func KeepWebhooks(ctx context.Context, standin string, key secrets.Secret, remitURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var endpoints struct{ Data []struct{ ID, URL string } }
	if err := askStandin(ctx, http.MethodGet, standin+"/v1/webhook_endpoints", key, nil, &endpoints); err != nil {
		return err
	}
	for _, e := range endpoints.Data {
		at := strings.Index(e.URL, "/webhooks/stripe")
		if at < 0 || e.URL[:at] == remitURL {
			continue
		}
		moved := url.Values{"url": {remitURL + e.URL[at:]}}
		if err := askStandin(ctx, http.MethodPost, standin+"/v1/webhook_endpoints/"+url.PathEscape(e.ID), key, moved, nil); err != nil {
			return err
		}
	}
	return nil
}

// IsStandin reports whether a stand-in for Stripe, and not Stripe or anything
// else, answers at an address.
func IsStandin(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var clock struct{ Account string }
	err := askStandin(ctx, http.MethodGet, address+"/_sandbox/clock", secrets.NewSecret("sk_test_remitlooksaround"), nil, &clock)
	return err == nil && strings.HasPrefix(clock.Account, "acct_")
}

func askStandin(ctx context.Context, verb, address string, key secrets.Secret, form url.Values, into any) error {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, verb, address, body)
	if err != nil {
		return fmt.Errorf("ask the stand-in: %w", err)
	}
	request.SetBasicAuth(key.Reveal(), "")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the stand-in: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the stand-in answered %d", response.StatusCode)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("read the stand-in's answer: %w", err)
	}
	return nil
}
