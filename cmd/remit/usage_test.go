package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func usageOf(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var said, failed strings.Builder
	code = run(t.Context(), args, &surroundings{in: strings.NewReader(""), out: &said}, &failed)
	return said.String(), failed.String(), code
}

// Protects whoever mistypes a command: what is wrong is said, and whose help says how it
// is meant.
func TestAUsageErrorNamesTheCommandsHelp(t *testing.T) {
	for line, help := range map[string]string{
		"due --organisation /a --as-off 2026-04-01": "remit due --help",
		"due":                                 "remit due --help",
		"due --organisation":                  "remit due --help",
		"clock":                               "remit clock --help",
		"clock advance soon":                  "remit clock advance --help",
		"clock advance 1d 2d":                 "remit clock advance --help",
		"retries simulate":                    "remit retries simulate --help",
		"keys rotate nothing too":             "remit keys rotate --help",
		"due --organisation /a --as-of soon":  "remit due --help",
		"receivables usage_test.go --to soon": "remit receivables --help",
		"sandbox --dir /tmp --addr 0.0.0.0:1": "remit sandbox --help",
		"du":                                  "remit --help",
		"--verbose":                           "remit --help",
	} {
		_, failed, code := usageOf(t, strings.Fields(line)...)
		if code != exitUsage || !strings.HasSuffix(failed, "\nSee \""+help+"\".\n") || !strings.HasPrefix(failed, "remit: ") {
			t.Errorf("remit %s ends with %d:\n%s", line, code, failed)
		}
	}
}

// Protects the promise above: every command has its help, which begins with how the
// command is written.
func TestEveryCommandHasHelp(t *testing.T) {
	parser, err := kong.New(&commandLine{}, kong.Name("remit"))
	if err != nil {
		t.Fatal(err)
	}
	var visit func(node *kong.Node)
	visit = func(node *kong.Node) {
		if node.Type == kong.CommandNode {
			out, failed, code := usageOf(t, append(strings.Fields(node.FullPath())[1:], "--help")...)
			if code != 0 || failed != "" || !strings.HasPrefix(out, "Usage: "+node.FullPath()) || !strings.Contains(strings.Join(strings.Fields(out), " "), node.Help) {
				t.Errorf("%s --help ends with %d:\n%s%s", node.FullPath(), code, out, failed)
			}
		}
		for _, child := range node.Children {
			visit(child)
		}
	}
	visit(parser.Model.Node)
}
