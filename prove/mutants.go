package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is a fault that is planted to see whether it is found. It is a patch of
// the sources, laid over them for one build: no other program has it.
type mutant struct {
	letter string
	says   string
	edits  []edit
	sql    []string // what else the database has to be without
	// guard says what keeps the fault from doing harm where nothing finds it. The
	// mutant of the same letter and a 2 is without that as well, and is found.
	guard string
}

// edit replaces what stands in a file from one text up to, and without, another.
type edit struct{ file, from, to, instead string }

var mutants = slices.Concat(single, agreed, unguarded())

var single = []mutant{
	{
		letter: "a", says: "the intent's id is not stored before it is confirmed",
		edits: []edit{{"activities/charge.go", "	return view, p.adoptIntent(ctx, w, view.ID)\n", "}\n", "	w.payment.PaymentIntent = view.ID\n	return view, nil\n"}},
	},
	{
		letter: "b", says: "an attempt that is taken up again takes a new number, and a payment of its own",
		edits: []edit{
			{"activities/collect.go", "	if begun != nil {\n", "	if err := decodePayRequest(r.stored, &r); err != nil {\n", `	if begun != nil && !begun.State.Live() {
		return attempted(begun), p.advance(ctx, r.ref, begun.ID)
	}
	if begun != nil {
		w, err := p.load(ctx, r.ref, begun.ID)
		if err == nil {
			err = p.record(ctx, w, result{state: remit.AttemptCanceled, intentClosed: true, why: "Taken up anew."})
		}
		if err != nil {
			return remit.RequestResult{}, err
		}
	}
`},
			{"activities/reserve.go", "		if existing != nil {\n", "			w, err = readWork(", "		if existing != nil && existing.State.Live() {\n"},
		},
		sql: []string{"alter table attempts drop constraint attempts_tenant_request_id_key"},
	},
	{
		letter: "c", says: "the last look before a confirm is skipped",
		edits: []edit{
			{"activities/charge.go", "		if err := p.decide(ctx, &r); err != nil {\n", "		var moved bool\n", ""},
			{"activities/charge.go", "	if moved, err = p.policyMoved(ctx, tx, r); err != nil || moved {\n", "	method, err := tx.PaymentMethod(", `	current, err := tx.UseConnection(ctx)
	if err != nil {
		return false, with, err
	}
`},
		},
	},
	{
		letter: "d", says: "a confirm whose outcome is not known counts as failed",
		edits: []edit{{"activities/confirm.go", "	case gateway.Unknown, gateway.Later, gateway.Unreachable:\n", "	}\n	return p.wait(", `	case gateway.Unknown, gateway.Later, gateway.Unreachable:
		refused := decline.Classify("processing_error", "", "", w.methodType())
		return p.recordView(ctx, w, remit.IntentView{ID: w.payment.PaymentIntent}, remit.Outcome{State: remit.AttemptFailed, Known: true}, &refused)
`}},
	},
	{
		letter: "e", says: "an event is believed instead of the intent being retrieved",
		edits: []edit{{"activities/confirm.go", "	view, err := w.link.Stripe.Intent(ctx, w.payment.PaymentIntent)\n", "	if err != nil {\n		return true", `	var said string
	err = p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		return tx.QueryRow(ctx, "select coalesce((select type from stripe_events where account = $1 and object_id = $2 order by received_at desc limit 1), '')",
			w.payment.Account, w.payment.PaymentIntent).Scan(&said)
	})
	view := remit.IntentView{ID: w.payment.PaymentIntent, Amount: w.payment.IntentAmount, AmountReceived: stripeAmountOf(w), Currency: "usd", LatestCharge: "overheard"}
	switch said {
	case "payment_intent.succeeded":
		view.Status = "succeeded"
	case "payment_intent.payment_failed":
		view.Status, view.AmountReceived, view.ErrorCode, view.DeclineCode = "requires_payment_method", 0, "card_declined", "generic_decline"
	default:
		view, err = w.link.Stripe.Intent(ctx, w.payment.PaymentIntent)
	}
`}},
		guard: "settleHints retrieves the intent of an attempt that is over when an event tells of it, and the nightly comparison has it do so where the event was lost",
	},
	{
		letter: "f", says: "neither the workflow takes one thing after the other, nor does the index allow one live attempt only",
		edits: []edit{
			{"workflows/invoice_payment.go", "	if err := p.turn.Lock(ctx); err != nil {\n", "	return step()\n", ""},
			{"workflows/invoice_payment.go", "	if r.Kind.Collects() && p.paying {\n", "	return nil\n}\n\n// request", "	_ = r\n"},
			{"workflows/invoice_payment.go", "		if p.paying { // admitted", "		p.paying = true\n", ""},
		},
		sql:   []string{"drop index attempts_one_live"},
		guard: "mayStart looks for a live attempt under the invoice's row lock, in the transaction that inserts the next one",
	},
	{
		letter: "g", says: "the ledger's insert has no conflict clause",
		edits: []edit{{"postgres/ledger.go", "\n		on conflict (tenant, key) do nothing`, tx.Tenant, id, e.Key", ",", "`, tx.Tenant, id, e.Key"}},
		guard: "record books only where the attempt's state climbs, under the invoice's row lock; and the key is unique, so that a second entry is an error and not a booking",
	},
	{
		letter: "h", says: "a refund that is sent again is sent with a new key",
		edits: []edit{{"activities/refund_send.go", "CreateRefund(ctx, w.refund.ID.String()+\"/create\"", ", gateway.NewRefund{", "CreateRefund(ctx, w.refund.ID.String()+\"/\"+p.Now().String()"}},
	},
	{
		letter: "i", says: "a bank debit that is on its way counts as paid",
		edits: []edit{{"activities/record.go", "	case remit.AttemptProcessing, remit.AttemptConfirming, remit.AttemptCreated:\n", "	case remit.AttemptFailed:\n", `	case remit.AttemptProcessing:
		view.AmountReceived = view.Amount
		return p.record(ctx, w, result{state: remit.AttemptSucceeded, view: view, intentClosed: true})
	case remit.AttemptConfirming, remit.AttemptCreated:
		return p.pend(ctx, w, outcome.State, view)
`}},
	},
	{
		letter: "j", says: "an account is disconnected while checkouts are open, and nobody follows what is on its way",
		edits: []edit{
			{"activities/wind_down.go", "	err := p.closeOpenCheckout(ctx, ref)\n", "// woundDown tells", "	return nil\n}\n\nvar _ = errors.Is\n\n"},
			{"activities/connection_end.go", "	if err != nil || follow {\n", "		return false, err", "	_ = follow\n	if err != nil {\n"},
		},
	},
}

// unguarded are the mutants that a second guard keeps from doing harm, without
// that guard: that they are found shows that it is the guard that holds.
func unguarded() []mutant {
	without := map[string]mutant{
		"e": {
			says:  "and nothing is asked about an attempt that is over",
			edits: []edit{{"activities/settle.go", "	for _, payment := range late {\n", "		link, err := p.Connector.At(", "	for _, payment := range late[:0] {\n"}},
		},
		"f": {
			says:  "and nobody looks for a live attempt before the next is inserted",
			edits: []edit{{"activities/reserve.go", "	if live := l.Live; live != nil {\n", "	if moved, err := p.policyMoved(ctx, tx, r); err != nil || moved {\n		return &obstacle{policy", ""}},
		},
		"g": {
			says:  "and a success is recorded as often as it is heard of, with no key that is unique",
			edits: []edit{{"activities/record.go", "		if !a.State.Climbs(r.state) {\n", "			return nil\n		}\n		if another", "		if !a.State.Climbs(r.state) && r.state != remit.AttemptSucceeded {\n"}},
			sql:   []string{"alter table ledger_entries drop constraint ledger_entries_tenant_key_key", "drop index ledger_entries_one_capture"},
		},
	}
	var all []mutant
	for _, m := range single {
		if also, ok := without[m.letter]; ok {
			all = append(all, mutant{
				letter: m.letter + "2", says: m.says + ", " + also.says,
				edits: slices.Concat(m.edits, also.edits), sql: slices.Concat(m.sql, also.sql),
			})
		}
	}
	return all
}

// errNoMutant says which there are.
var errNoMutant = errors.New("there is no such mutant: a to q, and e2, f2 and g2; docs/prove.md says what they are")

func mutantOf(letter string) (*mutant, error) {
	for n := range mutants {
		if mutants[n].letter == letter {
			return &mutants[n], nil
		}
	}
	return nil, errNoMutant
}

// plant builds a Remit with the mutant in it, which is then proved.
func (p *prover) plant(ctx context.Context) error {
	m, err := mutantOf(p.Mutant)
	if err != nil {
		return err
	}
	root, err := sources()
	if err != nil {
		return err
	}
	overlay, err := m.overlay(root, p.folder)
	if err != nil {
		return err
	}
	p.say("Building a Remit in which " + m.says)
	p.mutant, p.Program = m, filepath.Join(p.folder, "remit-mutant-"+m.letter)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-overlay", overlay, "-o", p.Program, "./cmd/remit") //nolint:gosec // the sources we are in
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the mutant: %w: %s", err, said)
	}
	return nil
}

// overlay writes the patched files into a folder and the file by which a build
// takes them instead.
func (m *mutant) overlay(root, folder string) (string, error) {
	patched := map[string]string{}
	for _, e := range m.edits {
		if _, done := patched[e.file]; !done {
			raw, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return "", fmt.Errorf("mutant %s: %w", m.letter, err)
			}
			patched[e.file] = string(raw)
		}
		text, err := e.apply(patched[e.file])
		if err != nil {
			return "", fmt.Errorf("mutant %s: %w", m.letter, err)
		}
		patched[e.file] = text
	}
	replace := map[string]string{}
	for file, text := range patched {
		to := filepath.Join(folder, "mutant-"+m.letter+"-"+strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("mutant %s: %w", m.letter, err)
		}
		replace[filepath.Join(root, file)] = to
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("mutant %s: %w", m.letter, err)
	}
	overlay := filepath.Join(folder, "mutant-"+m.letter+".json")
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		return "", fmt.Errorf("mutant %s: %w", m.letter, err)
	}
	return overlay, nil
}

func (e edit) apply(text string) (string, error) {
	from := strings.Index(text, e.from)
	if from < 0 || strings.Count(text, e.from) > 1 {
		return "", fmt.Errorf("%s has changed: want once %q", e.file, e.from)
	}
	length := strings.Index(text[from+len(e.from):], e.to)
	if length < 0 {
		return "", fmt.Errorf("%s has changed: want %q after %q", e.file, e.to, e.from)
	}
	return text[:from] + e.instead + text[from+len(e.from)+length:], nil
}

// sources finds the folder of Remit's sources: where we are, or above.
func sources() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the sources: %w", err)
	}
	for {
		raw, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && strings.HasPrefix(string(raw), "module remit\n") {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", errors.New("a mutant is built from the sources: run this in their folder")
		}
		folder = filepath.Dir(folder)
	}
}
