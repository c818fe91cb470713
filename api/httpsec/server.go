package httpsec

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// The server's limits. A handler that needs longer, such as an import or
// server-sent events, says so with [Extend].
const (
	HeaderTimeout  = 5 * time.Second
	ReadTimeout    = 30 * time.Second
	WriteTimeout   = 60 * time.Second
	IdleTimeout    = 120 * time.Second
	MaxHeader      = 32 << 10 // bytes
	MaxConnections = 2000
	maxStreams     = 100 // HTTP/2 requests at once in one connection
)

// NewServer makes a server with the limits above, TLS 1.2 or newer where it
// serves TLS, and its own complaints in the logger.
func NewServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: HeaderTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		// net/http adds 4 KiB of slack to this.
		MaxHeaderBytes: MaxHeader - 4096,
		TLSConfig:      &tls.Config{MinVersion: tls.VersionTLS12},
		HTTP2:          &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:       slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// Listen listens on a TCP address and takes at most MaxConnections at once;
// more wait in the system's queue.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return netutil.LimitListener(listener, MaxConnections), nil
}

// Extend gives the running handler's reading and writing until d from now; 0
// takes both limits away, for streams that end with the request's context.
func Extend(w http.ResponseWriter, d time.Duration) error {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	controller := http.NewResponseController(w)
	if err := controller.SetReadDeadline(until); err != nil {
		return fmt.Errorf("extend read deadline: %w", err)
	}
	if err := controller.SetWriteDeadline(until); err != nil {
		return fmt.Errorf("extend write deadline: %w", err)
	}
	return nil
}
