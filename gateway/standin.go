package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// MoveStandinClock sets the account's clock at the stand-in, unless that shows
// the time or a later one already: both clocks run on between two calls. Stripe
// itself has no such thing, so it is refused where the gateway reaches Stripe.
func (c *Client) MoveStandinClock(ctx context.Context, to time.Time) error {
	if c.gateway == nil || !c.gateway.Standin() {
		return errors.New("only the stand-in's clock can be moved")
	}
	body, err := json.Marshal(map[string]any{"to": to.UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return fmt.Errorf("write a time: %w", err)
	}
	status, _, err := c.standinClock(ctx, http.MethodPost, body)
	if err != nil {
		return err
	}
	if status == http.StatusBadRequest { // it only goes forward
		again, now, err := c.standinClock(ctx, http.MethodGet, nil)
		if err == nil && again == http.StatusOK && !now.Before(to) {
			return nil
		}
	}
	if status != http.StatusOK {
		return fmt.Errorf("the stand-in answered %d", status)
	}
	return nil
}

// NameStandin gives the account at the stand-in its business's name, which its
// hosted pages show. At Stripe the owner does that in the dashboard.
func (c *Client) NameStandin(ctx context.Context, name string) error {
	if c.gateway == nil || !c.gateway.Standin() {
		return errors.New("only the stand-in's account can be named")
	}
	body, err := json.Marshal(map[string]string{"business_name": name})
	if err != nil {
		return fmt.Errorf("write a name: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.gateway.url, "/")+"/_sandbox/account", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("address the stand-in: %w", err)
	}
	c.authorise(request)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.gateway.http.Do(request)
	if err != nil {
		return fmt.Errorf("reach the stand-in: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the stand-in answered %d", response.StatusCode)
	}
	return nil
}

func (c *Client) standinClock(ctx context.Context, method string, body []byte) (status int, now time.Time, err error) {
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.gateway.url, "/")+"/_sandbox/clock", bytes.NewReader(body))
	if err != nil {
		return 0, now, fmt.Errorf("address the stand-in: %w", err)
	}
	c.authorise(request)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.gateway.http.Do(request)
	if err != nil {
		return 0, now, fmt.Errorf("reach the stand-in: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var clock struct{ Now time.Time }
	if response.StatusCode == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(&clock); err != nil {
			return 0, now, fmt.Errorf("read the stand-in's clock: %w", err)
		}
	}
	return response.StatusCode, clock.Now, nil
}

// authorise has a call of the stand-in's own be about the client's account.
func (c *Client) authorise(request *http.Request) {
	request.Header.Set("Authorization", "Bearer "+c.access.Key)
	if c.access.Account != "" {
		request.Header.Set("Stripe-Account", c.access.Account)
	}
}
