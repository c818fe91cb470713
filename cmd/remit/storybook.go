package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"remit/portal/storybook"
)

type storybookCommand struct {
	Addr string `default:"127.0.0.1:8090" help:"Where it is served, host:port."`
}

func (c *storybookCommand) Run(ctx context.Context, s *surroundings) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Addr, err)
	}
	server := &http.Server{Handler: storybook.Handler(), ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintf(s.out, "Every page in every state, with made-up data: http://%s\nCtrl-C stops it.\n", listener.Addr())
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
