// Command temporalui serves Temporal's own web UI on loopback, for looking at
// the workflows of a running Temporal server. It can change nothing: there is
// no sign-in, so nobody could be held to a change.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "temporalui: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("temporalui", flag.ContinueOnError)
	listen := flags.String("addr", "127.0.0.1:8233", "address to serve on, loopback only")
	temporal := flags.String("temporal", "", "host:port of Temporal's frontend")
	ports := flags.String("ports", "", "ports.json of a Remit data folder, read where -temporal is empty")
	namespace := flags.String("namespace", "remit", "namespace shown first")
	if err := flags.Parse(args); err != nil {
		return err
	}
	address, err := netip.ParseAddrPort(*listen)
	if err != nil || !address.Addr().IsLoopback() {
		return fmt.Errorf("-addr: %q is not an ip:port on loopback", *listen)
	}
	if *temporal == "" {
		if *temporal, err = notedAddress(*ports); err != nil {
			return err
		}
	}
	fmt.Printf("Temporal %s: http://%s/namespaces/%s/workflows\n", *temporal, address, *namespace)
	return server.NewServer(server_options.WithConfigProvider(fixed{&config.Config{
		TemporalGRPCAddress: *temporal,
		Host:                address.Addr().String(),
		Port:                int(address.Port()),
		EnableUI:            true,
		DefaultNamespace:    *namespace,
		DisableWriteActions: true,
		DisableNewsFetch:    true,
		HideLogs:            true,
		CORS:                config.CORS{CookieInsecure: true}, // plain HTTP on loopback
	}})).Start()
}

// notedAddress is where `remit dev` last ran Temporal.
func notedAddress(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("-ports: %w (has `make run` been started?)", err)
	}
	var ports map[string]int
	if err := json.Unmarshal(raw, &ports); err != nil {
		return "", fmt.Errorf("-ports: %w", err)
	}
	if ports["temporal"] == 0 {
		return "", fmt.Errorf("-ports: %s notes no Temporal", path)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports["temporal"])), nil
}

// fixed is a configuration that does not change.
type fixed struct{ config *config.Config }

func (f fixed) GetConfig() (*config.Config, error) { return f.config, nil }
