package script_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"remit"
	"remit/script"
	"remit/script/scripttest"
)

var paid = script.MadeUp("/dev-v51/Branch A", "USD", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))

func defining(body string) string {
	return "def after_payment(invoice, payment):\n    " + strings.ReplaceAll(body, "\n", "\n    ") + "\n"
}

// What a script costs is lost with its process: whatever it does, the answer is
// a sentence, and this process keeps its size (T18, T19).
func TestScriptsThatMisbehave(t *testing.T) {
	runner := scripttest.Runner(t)
	before := resident(t)
	for name, c := range map[string]struct{ source, says string }{
		"memory in one step":     {defining("x = 'x' * (1 << 29)\nreturn []"), "more memory than it may have"},
		"doubling":               {defining("x = 'x'\nfor i in range(40):\n    x += x\nreturn []"), "memory"},
		"a list that grows":      {defining("x = [0]\nfor i in range(40):\n    x += x\nreturn []"), ""},
		"an endless loop":        {defining("for i in range(1 << 60):\n    pass"), "more than 1000000 steps"},
		"work in few steps":      {defining("x = 3\nfor i in range(60):\n    x = x * x\nreturn []"), ""},
		"recursion":              {"def f(n):\n    return f(n + 1)\n" + defining("f(0)"), "called recursively"},
		"nested source":          {"x = " + strings.Repeat("(", 60_000), ""},
		"nested answer":          {defining("x = []\nfor i in range(1000):\n    x = [x]\nreturn [x]"), "nested more than 8 deep"},
		"an answer in itself":    {defining("x = []\nx.append(x)\nreturn x"), "nested more than 8 deep"},
		"10 MB of note":          {defining(`return [{"add_note": "x" * (10 << 20)}]`), "more than 64 KiB"},
		"many effects":           {defining(`return [{"add_tag": "x"}] * 21`), "20 is the most"},
		"an amount":              {defining(`return [{"set_amount": 1}]`), "`set_amount` is not for a script to change"},
		"a status":               {defining(`return [{"set_status": "paid"}]`), "`set_status` is not for a script"},
		"another invoice":        {defining(`return [{"set_label": "Paid", "invoice": "other"}]`), "`invoice` is not for a script to change"},
		"a change of its input":  {defining(`invoice.total = 0`), "can't assign to .total field"},
		"a change of a list":     {defining(`invoice.lines.clear()`), "frozen"},
		"a long label":           {defining(`return [{"set_label": "x" * 61}]`), "at most 60 characters"},
		"a label of two lines":   {defining(`return [{"set_label": "a\nBcc: b"}]`), "no control characters"},
		"a number as label":      {defining(`return [{"set_label": 1}]`), "takes a text"},
		"an unknown name":        {defining("return []\nreturn invoise"), "Line 3: `invoise` is unknown."},
		"an unknown field":       {defining("return invoice.invoise"), "Line 2: struct has no .invoise attribute"},
		"a file":                 {"load('x.star', 'x')\n" + defining("pass"), "Line 1: load"},
		"no function":            {"x = 1", "does not define after_payment"},
		"no list":                {defining("return 'Paid'"), "list of effects, not a string"},
		"words of its own":       {defining("fail('no such customer\\n', invoice.number)"), "Line 2: fail: no such customer EXAMPLE-1"},
		"too long":               {strings.Repeat("#", script.MaxSource+1), "longer than 64 KiB"},
		"a syntax that is wrong": {"def after_payment(invoice, payment):\nreturn", "Line 2:"},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := runner.Run(t.Context(), c.source, paid)
			var failure *script.Failure
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), c.says) || len(result.Effects) > 0 {
				t.Fatalf("%v, effects %v; want a failure that says %q", err, result.Effects, c.says)
			}
			t.Log(err)
		})
	}
	if grown := resident(t) - before; grown > 32<<20 {
		t.Errorf("this process has grown by %d MiB", grown>>20)
	}
}

// The shipped script says Paid when the ledger does and else nothing, in a
// process of its own as in this one.
func TestShippedScript(t *testing.T) {
	runner := scripttest.Runner(t)
	for status, want := range map[remit.InvoiceStatus]string{remit.InvoicePaid: "label \"Paid\"", remit.InvoicePartiallyPaid: "", remit.InvoiceContested: ""} {
		in := paid
		in.Invoice.Status = string(status)
		here, err := script.Evaluate(script.Shipped, in)
		if err != nil {
			t.Fatal(err)
		}
		there, err := runner.Run(t.Context(), script.Shipped, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, result := range []script.Result{here, there} {
			if got := words(result); got != want {
				t.Errorf("%s: %q, want %q", status, got, want)
			}
		}
	}
}

// A script sees invoice and payment, and may do each thing on the list.
func TestWhatScriptsMayDo(t *testing.T) {
	result, err := scripttest.Runner(t).Run(t.Context(), defining(`print("lines", len(invoice.lines))
return [
    {"set_label": "Settled"},
    {"add_note": "%s by %s for %s" % (payment.amount_text, payment.method, invoice.lines[0].description)},
    {"add_tag": invoice.currency.lower()},
    {"remove_tag": "open"},
]`), paid)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := words(result), `label "Settled", note "$120.00 by card for Example service", tag "usd", no tag "open"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if result.Printed != "lines 1\n" {
		t.Errorf("printed %q", result.Printed)
	}
}

// A process that was killed is a failure of that run and of no other, and its
// surroundings are empty.
func TestKilledAndEmpty(t *testing.T) {
	dir := t.TempDir()
	killed := script.NewRunner("/bin/sh", "-c", "kill -9 $$")
	if _, err := killed.Run(t.Context(), script.Shipped, paid); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("killed: %v", err)
	}
	loud := script.NewRunner("/bin/sh", "-c", "exec cat /dev/zero")
	if _, err := loud.Run(t.Context(), script.Shipped, paid); err == nil || !strings.Contains(err.Error(), "more than 64 KiB") {
		t.Errorf("loud: %v", err)
	}
	slow := script.NewRunner("/bin/sh", "-c", "exec cat /dev/zero >/dev/null")
	if _, err := slow.Run(t.Context(), script.Shipped, paid); err == nil || !strings.Contains(err.Error(), "longer than 3 seconds") {
		t.Errorf("slow: %v", err)
	}
	if _, err := script.NewRunner(dir+"/none").Run(t.Context(), script.Shipped, paid); err == nil || !strings.Contains(err.Error(), "could not be started") {
		t.Errorf("not there: %v", err)
	}
	t.Setenv("STRIPE_SECRET_KEY", "sk_live_marker")
	file := dir + "/environ"
	spying := script.NewRunner("/bin/sh", "-c", `cat /proc/self/environ >"$0"; exec "$1"`, file, scripttest.Program(t))
	if _, err := spying.Run(t.Context(), script.Shipped, paid); err != nil {
		t.Fatal(err)
	}
	environ, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(environ), "marker") || strings.Contains(string(environ), "HOME=") {
		t.Errorf("its environment is %q", environ)
	}
}

// Two scripts run at once and the others wait, so that many payments at a time
// are no load that grows.
func TestTwoAtOnce(t *testing.T) {
	log := t.TempDir() + "/log"
	runner := script.NewRunner("/bin/sh", "-c", `echo in >>"$0"; "$1"; code=$?; echo out >>"$0"; exit $code`, log, scripttest.Program(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := runner.Run(t.Context(), script.Shipped, paid); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	running, most := 0, 0
	for line := range strings.FieldsSeq(string(raw)) {
		if line == "in" {
			running++
		} else {
			running--
		}
		most = max(most, running)
	}
	if most > 2 || running != 0 {
		t.Errorf("%d ran at once, %d are left", most, running)
	}
}

func words(result script.Result) string {
	said := make([]string, len(result.Effects))
	for n, e := range result.Effects {
		said[n] = e.String()
	}
	return strings.Join(said, ", ")
}

// resident is how many bytes of memory this process holds.
func resident(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(raw))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
