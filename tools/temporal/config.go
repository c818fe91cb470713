package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/primitives"
)

const (
	mainDatabase       = "temporal"
	visibilityDatabase = "temporal_visibility"
	clusterName        = "active"
	loopback           = "127.0.0.1"
)

// serverConfig is the server's configuration and the address of each service.
// Static addresses replace the gossip ring, so a start after kill -9 does not
// wait for members that are gone. Only the frontend's port is known outside;
// the other three are free ones of this start.
func serverConfig(o options) (*config.Config, map[primitives.ServiceName]static.Hosts, error) {
	frontend, err := netip.ParseAddrPort(o.address)
	if err != nil {
		return nil, nil, fmt.Errorf("frontend address: %w", err)
	}
	if err := checkFree(o.address); err != nil {
		return nil, nil, err
	}
	services := make(map[string]config.Service, 4)
	hosts := make(map[primitives.ServiceName]static.Hosts, 4)
	add := func(name primitives.ServiceName, ip string, port int) {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ip}}
		hosts[name] = static.SingleLocalHost(net.JoinHostPort(ip, strconv.Itoa(port)))
	}
	add(primitives.FrontendService, frontend.Addr().String(), int(frontend.Port()))
	taken := map[int]bool{int(frontend.Port()): true}
	for _, name := range []primitives.ServiceName{primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		port, err := freePort(taken)
		if err != nil {
			return nil, nil, err
		}
		add(name, loopback, port)
	}
	return &config.Config{
		Services:            services,
		PublicClient:        config.PublicClient{HostPort: o.address},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: o.address},
			},
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		Persistence: config.Persistence{
			DefaultStore:     mainDatabase,
			VisibilityStore:  visibilityDatabase,
			NumHistoryShards: int32(o.shards), // checked: at most 16384
			DataStores: map[string]config.DataStore{
				mainDatabase:       {SQL: sqlConfig(o, mainDatabase)},
				visibilityDatabase: {SQL: sqlConfig(o, visibilityDatabase)},
			},
		},
	}, hosts, nil
}

// sqlConfig uses the pgx plugin: the lib/pq one costs 30% of the throughput.
func sqlConfig(o options, database string) *config.SQL {
	password, _ := o.database.User.Password()
	attributes := make(map[string]string)
	for key, values := range maps.All(o.database.Query()) {
		attributes[key] = values[0]
	}
	return &config.SQL{
		PluginName:        postgresql.PluginNamePGX,
		ConnectAddr:       o.database.Host,
		ConnectProtocol:   "tcp",
		ConnectAttributes: attributes,
		DatabaseName:      database,
		User:              o.database.User.Username(),
		Password:          password,
		MaxConns:          o.maxConns,
		MaxIdleConns:      o.maxConns,
		MaxConnLifetime:   time.Hour,
	}
}

// dynamicConfig is what differs from Temporal's defaults.
func dynamicConfig(o options) dynamicconfig.Client {
	return dynamicconfig.StaticClient{
		// Without it an activity costs one more trip through matching: 44
		// against 25 ms of server CPU for three activities.
		dynamicconfig.EnableActivityEagerExecution.Key():        true,
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  o.partitions,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): o.partitions,
		dynamicconfig.DefaultWorkflowTaskTimeout.Key():          o.workflowTaskTimeout,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():       o.namespaceRefresh,
		// Nexus wants an HTTP port; nothing here uses it.
		dynamicconfig.EnableNexus.Key(): false,
	}
}

func checkFree(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("address %s cannot be listened on: %w", address, err)
	}
	return listener.Close()
}

// freePort picks below the range the kernel takes outgoing ports from, so that
// no connection made between this look and the listen takes it away.
func freePort(taken map[int]bool) (int, error) {
	const low, high, tries = 20000, 32000, 200
	for range tries {
		port := low + rand.IntN(high-low)
		if taken[port] || checkFree(net.JoinHostPort(loopback, strconv.Itoa(port))) != nil {
			continue
		}
		taken[port] = true
		return port, nil
	}
	return 0, errors.New("no free port between 20000 and 32000 on 127.0.0.1")
}
