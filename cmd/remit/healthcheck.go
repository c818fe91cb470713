package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type healthcheckCommand struct{}

// Run asks the operator's port, which serve and work have alike.
func (healthcheckCommand) Run(ctx context.Context, s *surroundings) error {
	c, err := localConfig(s.environ)
	if err != nil {
		return err
	}
	if c.OpsAddr == "" {
		c.OpsAddr = defaultOpsAddress
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.OpsAddr+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("REMIT_OPS_ADDR: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no Remit answers: %w", err)
	}
	const most = 4 << 10
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(body)))
	}
	fmt.Fprintln(s.out, "Ready.")
	return nil
}
