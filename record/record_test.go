package record_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
	"remit/record"
)

// paid is an invoice that was paid in parts, and the key it is signed with.
type paid struct {
	signed  record.Signed
	private ed25519.PrivateKey
	keys    record.Keys
}

// made makes an invoice up that was paid in as many parts as there are.
func made(parts []int64, words string, seed byte) paid {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	public := private.Public().(ed25519.PublicKey)
	at := time.Date(2030, 3, 1, 9, 0, 0, 123000, time.UTC)
	due, invoice := remit.Date{Year: 2030, Month: time.April, Day: 1}, uuid.UUID{15: 1}
	s := record.Signed{MadeAt: at, Organisation: "/acme/Branch A", Payments: []record.Payment{}, Refunds: []record.Refund{}}
	total := int64(0)
	for n, part := range parts {
		total += part
		s.Payments = append(s.Payments, record.Payment{ID: uuid.UUID{14: 1, 15: byte(n)}, Source: "stripe", State: remit.AttemptSucceeded, Amount: part, Captured: part, PaymentIntent: fmt.Sprintf("pi_%d", n), Charge: fmt.Sprintf("ch_%d", n)})
	}
	entries := []remit.TimelineEntry{
		{Kind: "created", What: "It was made.", Data: map[string]any{"total": total, "due_date": due.String()}},
		{Kind: "sent", What: words, Data: map[string]any{"total": total, "due_date": due.String()}},
	}
	for n, p := range s.Payments {
		entries = append(entries,
			remit.TimelineEntry{Kind: "attempt_started", What: "It is being charged.", Data: map[string]any{"attempt": n + 1, "payment": p.ID}},
			remit.TimelineEntry{Kind: "paid", What: "It was paid.", StripeIDs: []string{p.PaymentIntent, p.Charge}, Data: map[string]any{"attempt": n + 1, "payment": p.ID, "amount": p.Captured, "captured": p.Captured}})
	}
	for n := range entries {
		entries[n].Seq, entries[n].At, entries[n].Actor = int64(n+1), at.Add(time.Duration(n)*time.Minute), remit.System
	}
	s.Invoice = record.Invoice{ID: invoice, Number: "INV-1", Seller: "Acme <& Sons>", Customer: words, Currency: "USD", IssueDate: due.AddDays(-30), DueDate: due, Adjustments: []remit.Adjustment{}, Status: remit.InvoicePaid,
		Lines: []remit.Line{{Description: words, Quantity: "1", UnitPrice: "1.00", Amount: total}}}
	s.Figures = record.Figures{Total: total, Billed: total, Applied: total, Collected: total}
	var err error
	if s.Timeline, s.Chain, err = record.Chain(invoice, entries); err != nil {
		panic(err)
	}
	return paid{signed: s, private: private, keys: record.Keys{record.KeyID(public): public}}
}

func (p paid) file(t fataler) []byte {
	t.Helper()
	file, err := record.Sign(p.signed, p.private)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func drawn(t *rapid.T) paid {
	return made(rapid.SliceOfN(rapid.Int64Range(1, 1<<60), 1, 5).Draw(t, "parts"), rapid.String().Draw(t, "words"), 1)
}

// Any record holds with the key that signed it, is written in one way, and fails with
// any other key, also where that one signs in its name (Z11).
func TestARecordHoldsWithItsKeyAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		file := p.file(t)
		if s, err := record.Verify(file, p.keys); err != nil || s.Figures != p.signed.Figures {
			t.Fatalf("%v", err)
		}
		if !bytes.Equal(file, p.file(t)) {
			t.Fatal("the same record is written in two ways")
		}
		other := made([]int64{1}, "", 2)
		if _, err := record.Verify(file, other.keys); err == nil {
			t.Fatal("it holds with another key")
		}
		var r record.Record
		if err := json.Unmarshal(file, &r); err != nil {
			t.Fatal(err)
		}
		r.Signature = hex.EncodeToString(ed25519.Sign(other.private, r.Signed))
		if _, err := record.Verify(writtenAs(t, r), p.keys); err == nil {
			t.Fatal("another key signed in its name")
		}
	})
}

// No byte of a record can be another one, also one that differs in the case of a letter
// alone, and none can be missing or be there besides (Z11).
func TestNoByteOfARecordCanBeAnotherOne(t *testing.T) {
	p := made([]int64{1200}, "für <Ana> & \u2028 \\ \"x\"", 1)
	file := p.file(t)
	if _, err := record.Verify(file, p.keys); err != nil {
		t.Fatal(err)
	}
	for n := range file {
		bits := []int{n % 8}
		if n > len(file)-145 { // the signature, whose digits have two cases
			bits = append(bits, 5)
		}
		for _, bit := range bits {
			altered := bytes.Clone(file)
			altered[n] ^= 1 << bit
			if _, err := record.Verify(altered, p.keys); err == nil {
				t.Fatalf("bit %d of byte %d is another one, and it holds", bit, n)
			}
		}
		if n%7 != 0 {
			continue
		}
		if _, err := record.Verify(slices.Delete(bytes.Clone(file), n, n+1), p.keys); err == nil {
			t.Fatalf("byte %d is missing, and it holds", n)
		}
		if _, err := record.Verify(slices.Insert(bytes.Clone(file), n, ' '), p.keys); err == nil {
			t.Fatalf("there is a space before byte %d, and it holds", n)
		}
	}
	if _, err := record.Verify(append(bytes.Clone(file), '\n'), p.keys); err == nil {
		t.Fatal("there is a line more, and it holds")
	}
}

// Bytes that are other ones anywhere make a record fail, however many (Z11).
func TestRandomBytesMakeARecordFail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		file := p.file(t)
		altered := bytes.Clone(file)
		for range rapid.IntRange(1, 4).Draw(t, "bytes") {
			altered[rapid.IntRange(0, len(file)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		if _, err := record.Verify(altered, p.keys); err == nil && !bytes.Equal(file, altered) {
			t.Fatal("it was altered, and it holds")
		}
		if _, err := record.Verify(rapid.SliceOf(rapid.Byte()).Draw(t, "anything"), p.keys); err == nil {
			t.Fatal("anything holds")
		}
	})
}

// An entry that is left out, told twice or told in another place makes a record fail,
// both as it was signed and where the organisation's own key signed it so (Z11).
func TestEveryEntryHasItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		n := rapid.IntRange(0, len(p.signed.Timeline)-1).Draw(t, "entry")
		whole := p.signed.Timeline
		entries := slices.Clone(whole)
		switch change := rapid.SampledFrom([]string{"left out", "twice", "moved", "cut off"}).Draw(t, "change"); change {
		case "left out":
			entries = slices.Delete(entries, n, n+1)
		case "twice":
			entries = slices.Insert(entries, n, entries[n])
		case "moved":
			to := (n + 1) % len(entries)
			entries[n], entries[to] = entries[to], entries[n]
		case "cut off":
			entries = entries[:n]
		}
		var r record.Record
		if err := json.Unmarshal(p.file(t), &r); err != nil {
			t.Fatal(err)
		}
		p.signed.Timeline = entries
		file := p.file(t)
		if _, err := record.Verify(file, p.keys); err == nil || strings.Contains(err.Error(), "signature") {
			t.Fatalf("signed so, the chain does not tell: %v", err)
		}
		p.signed.Chain.Entries = len(entries)
		if len(entries) > 0 {
			p.signed.Chain.End = entries[len(entries)-1].Hash
		}
		if _, err := record.Verify(p.file(t), p.keys); err == nil {
			t.Fatal("with its end moved along it holds")
		}
		var altered record.Record
		if err := json.Unmarshal(file, &altered); err != nil {
			t.Fatal(err)
		}
		altered.Signature = r.Signature
		if _, err := record.Verify(writtenAs(t, altered), p.keys); err == nil {
			t.Fatal("with the signature of the whole one it holds")
		}
	})
}

// Figures that the timeline, the lines or the payments do not come to make a record
// fail, also where the organisation's own key signed them (Z11, M8).
func TestFiguresAreWhatTheTimelineTells(t *testing.T) {
	for what, change := range map[string]func(*record.Signed){
		"total":                func(s *record.Signed) { s.Figures.Total++ },
		"billed":               func(s *record.Signed) { s.Figures.Billed++ },
		"applied":              func(s *record.Signed) { s.Figures.Applied-- },
		"collected":            func(s *record.Signed) { s.Figures.Collected++ },
		"surcharge":            func(s *record.Signed) { s.Figures.Surcharge++ },
		"refunded":             func(s *record.Signed) { s.Figures.Refunded++ },
		"a line":               func(s *record.Signed) { s.Invoice.Lines[0].Amount++ },
		"a line and the total": func(s *record.Signed) { s.Invoice.Lines[0].Amount++; s.Figures.Total++ },
		"a payment":            func(s *record.Signed) { s.Payments[0].Captured++; s.Figures.Collected++ },
		"a payment, twice":     func(s *record.Signed) { s.Payments = append(s.Payments, s.Payments[0]); s.Figures.Collected *= 2 },
		"between payments":     func(s *record.Signed) { s.Payments[0].Captured++; s.Payments[1].Captured-- },
		"a refund": func(s *record.Signed) {
			s.Refunds = append(s.Refunds, record.Refund{ID: uuid.UUID{1}, State: remit.RefundSucceeded})
		},
		"the status":     func(s *record.Signed) { s.Invoice.Status = remit.InvoiceVoid },
		"whose timeline": func(s *record.Signed) { s.Invoice.ID = uuid.UUID{9} },
	} {
		p := made([]int64{1200, 34}, "Work", 1)
		change(&p.signed)
		if _, err := record.Verify(p.file(t), p.keys); err == nil {
			t.Errorf("%s is another one, and it holds", what)
		}
	}
}

// What came in by a payment in another currency is told with it, and added to nothing
// (Z11, M8).
func TestFiguresAreOfOneCurrency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.Int64Range(1, 1_000_000), 1, 4).Draw(t, "parts")
		p := made(parts, "Work", 1)
		other := record.Payment{ID: uuid.UUID{7}, Source: "stripe", State: remit.AttemptSucceeded, Captured: rapid.Int64Range(1, 1_000_000).Draw(t, "came in"), Surcharge: 3, Currency: "EUR"}
		entries := p.entries(t)
		n := len(entries)
		entries = append(entries,
			remit.TimelineEntry{Seq: int64(n + 1), Kind: "attempt_started", Actor: remit.System, Data: map[string]any{"attempt": 99, "payment": other.ID}},
			remit.TimelineEntry{Seq: int64(n + 2), Kind: "excess", Actor: remit.Stripe, Data: map[string]any{"attempt": 99, "amount": other.Captured, "captured": other.Captured, "payment": other.ID}})
		var err error
		if p.signed.Timeline, p.signed.Chain, err = record.Chain(p.signed.Invoice.ID, entries); err != nil {
			t.Fatal(err)
		}
		before := p.signed.Figures
		p.signed.Payments = append(p.signed.Payments, other)
		f := before
		p.signed.Figures = record.FiguresOf(f.Total, f.Billed, f.Applied, p.signed.Payments)
		if p.signed.Figures != before {
			t.Fatalf("%d cents in EUR make %+v of %+v in USD", other.Captured, p.signed.Figures, before)
		}
		if _, err := record.Verify(p.file(t), p.keys); err != nil {
			t.Fatal(err)
		}
		p.signed.Figures.Collected += other.Captured
		if _, err := record.Verify(p.file(t), p.keys); err == nil {
			t.Fatal("added together, it holds")
		}
	})
}

// entries are the timeline as it was before it was chained.
func (p paid) entries(t fataler) (list []remit.TimelineEntry) {
	t.Helper()
	for _, e := range p.signed.Timeline {
		var parts []json.RawMessage
		var entry remit.TimelineEntry
		if err := json.Unmarshal(e.Text, &parts); err != nil {
			t.Fatal(err)
		}
		for n, into := range []any{new(uuid.UUID), &entry.Seq, &entry.At, &entry.Kind, &entry.What, &entry.Why, &entry.Actor, &entry.StripeIDs, &entry.Data} {
			if err := json.Unmarshal(parts[n], into); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, entry)
	}
	return list
}

// Keys are read as PEM and as the API answers, and an old key checks what it signed.
func TestKeysAreRead(t *testing.T) {
	old, current := made([]int64{5}, "Work", 1), made([]int64{5}, "Work", 2)
	var pems []string
	for _, p := range []paid{current, old} {
		for _, key := range p.keys {
			text, err := record.PEM(key)
			if err != nil {
				t.Fatal(err)
			}
			pems = append(pems, text)
		}
	}
	answer, err := json.Marshal(map[string]any{"keys": []map[string]any{{"id": "x", "public_key": pems[0]}, {"public_key": pems[1]}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{strings.Join(pems, ""), string(answer)} {
		keys, err := record.ReadKeys([]byte(file))
		if err != nil || len(keys) != 2 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		for _, p := range []paid{current, old} {
			if _, err := record.Verify(p.file(t), keys); err != nil {
				t.Error(err)
			}
		}
	}
	for _, file := range []string{"", "{}", "x", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"} {
		if _, err := record.ReadKeys([]byte(file)); err == nil {
			t.Errorf("%q is taken for keys", file)
		}
	}
}

func writtenAs(t fataler, r record.Record) []byte {
	t.Helper()
	file, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return append(file, '\n')
}
