package main

import (
	"strings"
	"testing"
)

// TestOptionsRefuse protects a person from a server that is open to the
// network or silently ignores what was asked: each bad flag is named.
func TestOptionsRefuse(t *testing.T) {
	const database = "-postgres=postgres://remit@127.0.0.1:5432/"
	for want, args := range map[string][]string{
		"-postgres":              {},
		"-addr":                  {database, "-addr=0.0.0.0:7233"},
		"-retention":             {database, "-retention=1h"},
		"-shards":                {database, "-shards=0"},
		"-partitions":            {database, "-partitions=0"},
		"-max-conns":             {database, "-max-conns=1"},
		"-workflow-task-timeout": {database, "-workflow-task-timeout=10ms"},
		"-namespace":             {database, "-namespace="},
		"unexpected argument":    {database, "serve"},
	} {
		_, err := parseOptions(args, func(string) string { return "" })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseOptions(%q) = %v, want an error naming %q", args, err, want)
		}
	}
}

// TestPasswordOnlyFromTheEnvironment protects the password from process lists
// and from error messages.
func TestPasswordOnlyFromTheEnvironment(t *testing.T) {
	o, err := parseOptions([]string{"-postgres=postgres://remit@127.0.0.1/"}, func(string) string { return "s/e?c" })
	if err != nil {
		t.Fatal(err)
	}
	config := sqlConfig(o, mainDatabase)
	if config.Password != "s/e?c" || config.ConnectAddr != "127.0.0.1:5432" || config.User != "remit" {
		t.Errorf("got user %q, address %q, password of %d characters", config.User, config.ConnectAddr, len(config.Password))
	}
	if _, err := parseDatabase("postgres://remit:hunter2@host:port/", ""); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("parseDatabase = %v, want an error without the password", err)
	}
}
