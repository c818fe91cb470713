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

// MoveStandinClock sets the account's clock at the stand-in. Stripe itself has
// no such thing, so it is refused where the gateway reaches Stripe.
func (c *Client) MoveStandinClock(ctx context.Context, to time.Time) error {
	if c.gateway == nil || !c.gateway.Standin() {
		return errors.New("only the stand-in's clock can be moved")
	}
	body, err := json.Marshal(map[string]any{"to": to.UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return fmt.Errorf("write a time: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.gateway.url, "/")+"/_sandbox/clock", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("address the stand-in: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.access.Key)
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
