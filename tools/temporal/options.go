package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// options are what a start needs. Every duration is positive.
type options struct {
	address    string // frontend, host:port on loopback
	database   *url.URL
	namespace  string
	retention  time.Duration
	shards     int
	partitions int
	maxConns   int

	workflowTaskTimeout time.Duration
	namespaceRefresh    time.Duration

	logFile, logLevel, pidFile string
}

// passwordVariable holds the database password, so that it is in no process
// list.
const passwordVariable = "TEMPORALD_POSTGRES_PASSWORD"

// parseOptions reads the flags. The defaults are the ones measured best on two
// cores: 512 shards take a third off the 99th percentile against 4, and one
// task queue partition keeps a lone task from waiting in a partition nobody
// polls.
func parseOptions(args []string, getenv func(string) string) (options, error) {
	var o options
	var database string
	flags := flag.NewFlagSet("temporald", flag.ContinueOnError)
	flags.StringVar(&o.address, "addr", "127.0.0.1:7233", "frontend address, loopback only")
	flags.StringVar(&database, "postgres", "", "postgres://user@host:port/ of a role that may create databases; password in $"+passwordVariable)
	flags.StringVar(&o.namespace, "namespace", "remit", "namespace made at start")
	// A closed history serves only to look back: PostgreSQL is Remit's record.
	// 30 days is as far back as Stripe lists events, so whatever can still be
	// compared with Stripe can also be compared with a history.
	flags.DurationVar(&o.retention, "retention", 30*24*time.Hour, "how long closed histories are kept (at least 24h)")
	flags.IntVar(&o.shards, "shards", 512, "history shards; fixed at the first start of a database")
	flags.IntVar(&o.partitions, "partitions", 1, "partitions of a task queue")
	flags.IntVar(&o.maxConns, "max-conns", 12, "connections of one pool; there are about eight pools")
	flags.DurationVar(&o.workflowTaskTimeout, "workflow-task-timeout", 10*time.Second, "default workflow task timeout; a killed worker's task is given out again after it")
	flags.DurationVar(&o.namespaceRefresh, "namespace-refresh", time.Second, "how soon every service sees a changed namespace")
	flags.StringVar(&o.logFile, "log-file", "", "log file; standard error when empty")
	flags.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	flags.StringVar(&o.pidFile, "pid-file", "", "file locked and holding the process id while running")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var err error
	if o.database, err = parseDatabase(database, getenv(passwordVariable)); err != nil {
		return o, err
	}
	return o, o.check()
}

func parseDatabase(raw, password string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("-postgres: missing, want postgres://user@host:port/")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("-postgres: not a URL") // the parser's error would repeat a password
	}
	if (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Hostname() == "" || u.User.Username() == "" {
		return nil, errors.New("-postgres: want postgres://user@host:port/")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "5432")
	}
	if password != "" {
		u.User = url.UserPassword(u.User.Username(), password)
	}
	return u, nil
}

func (o options) check() error {
	addr, err := netip.ParseAddrPort(o.address)
	switch {
	case err != nil || addr.Port() == 0:
		return fmt.Errorf("-addr: %q is not ip:port", o.address)
	case !addr.Addr().IsLoopback():
		return fmt.Errorf("-addr: %s is not a loopback address; this server has no authorisation", o.address)
	case o.namespace == "":
		return errors.New("-namespace: empty")
	case o.retention < 24*time.Hour:
		return fmt.Errorf("-retention: %s is less than 24h", o.retention)
	case o.shards < 1 || o.shards > 16384:
		return fmt.Errorf("-shards: %d is not between 1 and 16384", o.shards)
	case o.partitions < 1:
		return fmt.Errorf("-partitions: %d is less than 1", o.partitions)
	case o.maxConns < 2:
		return fmt.Errorf("-max-conns: %d is less than 2", o.maxConns)
	case o.workflowTaskTimeout < time.Second || o.workflowTaskTimeout > 120*time.Second:
		return fmt.Errorf("-workflow-task-timeout: %s is not between 1s and 120s", o.workflowTaskTimeout)
	case o.namespaceRefresh < 50*time.Millisecond:
		return fmt.Errorf("-namespace-refresh: %s is less than 50ms", o.namespaceRefresh)
	}
	return nil
}
