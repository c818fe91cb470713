package activities_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
	"remit/script"
	"remit/script/scripttest"
)

const tagging = "def after_payment(invoice, payment):\n    return [{'add_tag': 'seen'}, {'add_note': payment.amount_text + ' of ' + invoice.number}]\n"

// The shipped script says Paid when the ledger does, in the transaction that
// says so, and nothing before.
func TestShippedScriptSaysPaid(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(20000)
	s.perform(ref, s.pay(ref, 8000, s.card))
	if invoice, _ := s.read(ref); invoice.Label != "" || invoice.Status != remit.InvoicePartiallyPaid {
		t.Fatalf("partly paid: %q, %s", invoice.Label, invoice.Status)
	}
	state := s.perform(ref, s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: 12000, Method: "bank_transfer"}))
	if invoice, _ := s.read(ref); invoice.Label != "Paid" || invoice.Status != remit.InvoicePaid || !state.Rest {
		t.Fatalf("paid: %q, %s, at rest %v", invoice.Label, invoice.Status, state.Rest)
	}
	if kinds := s.told(ref, "script"); len(kinds) != 1 {
		t.Errorf("%d entries tell of the script", len(kinds))
	}
}

// A saved script waits on the agenda of the transaction that records the money,
// which does not wait for it; it is then applied once, however often the step
// is repeated and however often the payment is told of.
func TestSavedScriptRunsOnce(t *testing.T) {
	s := openShop(t)
	s.saves(s.branch.Path, tagging)
	ref := s.invoice(5000)
	state := s.perform(ref, s.pay(ref, 5000, s.card))
	if !state.Script || state.Rest || state.WakeIn != nil {
		t.Fatalf("the state does not ask for the script alone: %+v", state)
	}
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || len(invoice.Tags) != 0 {
		t.Fatalf("before the script: %s, %v", invoice.Status, invoice.Tags)
	}
	must(t, s.payments.AfterPayment(t.Context(), ref))
	_, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	must(t, s.payments.AfterPayment(t.Context(), ref))
	s.plan(ref) // a second row for the same payment and version
	must(t, s.payments.AfterPayment(t.Context(), ref))
	invoice, _ := s.read(ref)
	if strings.Join(invoice.Tags, ",") != "seen" || len(invoice.Notes) != 1 || !strings.HasPrefix(invoice.Notes[0].Text, "$50.00 of INV-") || invoice.Label != "" {
		t.Errorf("written are %v, %v, %q", invoice.Tags, invoice.Notes, invoice.Label)
	}
	if n := len(s.told(ref, "script")); n != 1 {
		t.Errorf("%d entries tell of the script", n)
	}
	if state, err := s.payments.Load(t.Context(), ref); err != nil || !state.Rest {
		t.Errorf("the invoice is not at rest: %+v, %v", state, err)
	}
}

// Two workers that run the same script at once, one of which was thought dead,
// write once.
func TestSavedScriptTwiceAtOnce(t *testing.T) {
	s := openShop(t)
	s.saves(s.branch.Path, tagging)
	ref := s.invoice(5000)
	s.perform(ref, s.pay(ref, 5000, s.card))
	var both, ran sync.WaitGroup
	ran.Add(2)
	s.payments.Crash = func(boundary string) {
		if boundary == "script ran" {
			ran.Done()
			ran.Wait()
		}
	}
	for range 2 {
		both.Go(func() { must(t, s.payments.AfterPayment(t.Context(), ref)) })
	}
	both.Wait()
	if invoice, _ := s.read(ref); len(invoice.Notes) != 1 || len(s.told(ref, "script")) != 1 {
		t.Errorf("notes %v, entries %d", invoice.Notes, len(s.told(ref, "script")))
	}
}

// The same of a script that fails: it is told of, and the alarm raised, once.
func TestFailingScriptTwiceAtOnce(t *testing.T) {
	s := openShop(t)
	s.saves(s.branch.Path, "def after_payment(invoice, payment):\n    return [{'set_outstanding': 0}]\n")
	ref := s.invoice(5000)
	s.perform(ref, s.pay(ref, 5000, s.card))
	var both, ran sync.WaitGroup
	ran.Add(2)
	s.payments.Crash = func(boundary string) {
		if boundary == "script ran" {
			ran.Done()
			ran.Wait()
		}
	}
	var alarms atomic.Int32
	s.payments.Scripted = func(string) { alarms.Add(1) }
	for range 2 {
		both.Go(func() { must(t, s.payments.AfterPayment(t.Context(), ref)) })
	}
	both.Wait()
	if told := len(s.told(ref, "script_failed")); told != 1 || alarms.Load() != 1 {
		t.Errorf("one run that failed is told of %d times, with %d alarms", told, alarms.Load())
	}
}

// Whatever a script does, the payment stays recorded, the timeline says what
// happened, an alarm is raised and this process keeps its size; a mended script
// is run again (T18, T19).
func TestScriptFailsThePaymentStays(t *testing.T) {
	s := openShop(t)
	var outcomes []string
	s.payments.Scripted = func(outcome string) { outcomes = append(outcomes, outcome) }
	var log strings.Builder
	s.payments.Logger = slog.New(slog.NewTextHandler(&log, nil))
	def := "def after_payment(invoice, payment):\n    "
	before := resident(t)
	for source, says := range map[string]string{
		def + "x = 'x' * (1 << 29)":                                                         "more memory",
		def + "x = 'x'\n    for i in range(40):\n        x += x":                            "more memory",
		def + "for i in range(1 << 60):\n        pass":                                      "more than 1000000 steps",
		"def f(n):\n    return f(n)\n" + def + "f(1)":                                       "called recursively",
		def + "return [{'add_note': 'x' * (10 << 20)}]":                                     "more than 64 KiB",
		def + "return [{'set_label': 'Paid', 'invoice': '" + uuid.NewString() + "'}]":       "`invoice` is not for a script",
		def + "return [{'set_outstanding': 0}]":                                             "`set_outstanding` is not for a script",
		def + "return [{'add_tag': 'good'}, {'set_amount': 1}]":                             "`set_amount` is not for a script",
		def + "return [{'add_tag': str(n)} for n in range(20)] + [{'add_tag': 'too many'}]": "20 is the most",
	} {
		s.saves(s.branch.Path, source)
		ref := s.invoice(5000)
		s.perform(ref, s.pay(ref, 5000, s.card))
		must(t, s.payments.AfterPayment(t.Context(), ref))
		s.failed(ref, says)
	}
	if grown := resident(t) - before; grown > 64<<20 {
		t.Errorf("this process has grown by %d MiB", grown>>20)
	}
	if len(outcomes) != 9 || strings.Count(log.String(), "the after-payment script failed") != 9 {
		t.Errorf("alarms: %v, log %s", outcomes, log.String())
	}
}

// A process that is killed fails that run alone. Run again, with the script
// mended or the machine well, it is applied, and then not once more.
func TestScriptIsRunAgain(t *testing.T) {
	s := openShop(t)
	s.saves(s.branch.Path, tagging)
	good := s.payments.Scripts
	s.payments.Scripts = script.NewRunner("/bin/sh", "-c", "kill -9 $$")
	ref := s.invoice(5000)
	s.perform(ref, s.pay(ref, 5000, s.card))
	must(t, s.payments.AfterPayment(t.Context(), ref))
	s.failed(ref, "was killed")

	s.payments.Scripts = good
	again := s.request(ref, remit.RequestRunScript, struct{}{})
	if state := s.perform(ref, again); !state.Script {
		t.Fatalf("the script does not wait: %+v", state)
	}
	must(t, s.payments.AfterPayment(t.Context(), ref))
	if invoice, _ := s.read(ref); len(invoice.Notes) != 1 {
		t.Fatalf("notes %v", invoice.Notes)
	}
	done, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestRunScript, struct{}{}))
	must(t, err)
	if done.Result.Refused == nil || !strings.Contains(done.Result.Refused.Message, "applied already") || done.State.Script {
		t.Errorf("asked once more: %+v", done)
	}
	s.saves(s.branch.Path, strings.ReplaceAll(tagging, "seen", "mended"))
	s.perform(ref, s.request(ref, remit.RequestRunScript, struct{}{}))
	must(t, s.payments.AfterPayment(t.Context(), ref))
	if invoice, _ := s.read(ref); strings.Join(invoice.Tags, ",") != "seen,mended" {
		t.Errorf("tags %v", invoice.Tags)
	}
}

// The nearest script wins: a branch's over the organisation's, that over the
// shipped one.
func TestNearestScriptWins(t *testing.T) {
	s := openShop(t)
	top := strings.TrimSuffix(s.branch.Path, "/Branch A")
	label := func(word string) string {
		return "def after_payment(invoice, payment):\n    return [{'set_label': '" + word + "'}]\n"
	}
	for _, step := range []struct{ path, word string }{{"", "Paid"}, {top, "Top"}, {s.branch.Path, "Branch"}, {top, "Branch"}} {
		if step.path != "" {
			s.saves(step.path, label(map[bool]string{true: "Top", false: "Branch"}[step.path == top]))
		}
		ref := s.invoice(5000)
		s.perform(ref, s.pay(ref, 5000, s.card))
		must(t, s.payments.AfterPayment(t.Context(), ref))
		if invoice, _ := s.read(ref); invoice.Label != step.word {
			t.Errorf("after saving at %q: %q, want %q", step.path, invoice.Label, step.word)
		}
	}
}

// perform carries a request out and gives the state after it.
func (s *shop) perform(ref remit.InvoiceRef, request remit.Request) remit.InvoiceState {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, request)
	must(s.t, err)
	if done.Result.Refused != nil {
		s.t.Fatalf("refused: %+v", done.Result.Refused)
	}
	return done.State
}

// saves stores a script without a trial, as if it had passed on other invoices.
func (s *shop) saves(path, source string) {
	s.t.Helper()
	if s.payments.Scripts == nil {
		s.payments.Scripts = scripttest.Runner(s.t)
	}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		unit, err := tx.UnitAt(s.t.Context(), path)
		if err != nil {
			return err
		}
		_, err = tx.SetSetting(s.t.Context(), unit, activities.ScriptSetting, activities.ScriptInForce{Source: source}, s.payer)
		return err
	}))
}

// plan puts the script for the invoice's last payment on the agenda.
func (s *shop) plan(ref remit.InvoiceRef) {
	s.t.Helper()
	_, payments := s.read(ref)
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(s.t.Context(), ref.Invoice)
		if err != nil {
			return err
		}
		return tx.Plan(s.t.Context(), l, remit.AgendaScript, payments[len(payments)-1].ID, l.Clock.Now(s.payments.Now()), "Run it")
	}))
}

// told reads the timeline's entries of a kind.
func (s *shop) told(ref remit.InvoiceRef, kind string) (entries []remit.TimelineEntry) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), ref.Tenant, func(tx *postgres.Tx) error {
		all, err := tx.Timeline(s.t.Context(), ref.Invoice)
		for _, e := range all {
			if e.Kind == kind {
				entries = append(entries, e)
			}
		}
		return err
	}))
	return entries
}

// failed holds that a script failed with those words and nothing else changed.
func (s *shop) failed(ref remit.InvoiceRef, says string) {
	s.t.Helper()
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoicePaid || invoice.Outstanding != 0 || payments[0].State != remit.AttemptSucceeded {
		s.t.Errorf("%s: the payment does not stand: %+v", says, invoice)
	}
	if invoice.Label != "" || len(invoice.Tags)+len(invoice.Notes) > 0 {
		s.t.Errorf("%s: written are %q %v %v", says, invoice.Label, invoice.Tags, invoice.Notes)
	}
	entries := s.told(ref, "script_failed")
	if len(entries) != 1 || !strings.Contains(entries[0].What, says) {
		s.t.Errorf("told is %+v, want %q", entries, says)
	}
	for _, e := range entries {
		if raw, err := json.Marshal(e.Data); err != nil || len(raw) > 1000 {
			s.t.Errorf("%s: the entry holds %d bytes, %v", says, len(raw), err)
		}
	}
}

// resident is how many bytes of memory this process holds.
func resident(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(raw))[1])
	must(t, err)
	return pages * os.Getpagesize()
}
