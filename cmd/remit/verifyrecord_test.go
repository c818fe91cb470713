package main

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/record"
)

// A record is checked with nothing around it but two files: no database, no network,
// no settings; what does not hold fails and says so (Z11).
func TestARecordIsCheckedOffline(t *testing.T) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	invoice := uuid.UUID{15: 1}
	s := record.Signed{
		MadeAt: time.Date(2030, 4, 1, 9, 0, 0, 0, time.UTC), Organisation: "/acme",
		Invoice: record.Invoice{ID: invoice, Number: "INV-1\x1b[2J", Seller: "Acme", Currency: "USD", Lines: []remit.Line{}, Status: remit.InvoicePaid},
	}
	var err error
	s.Timeline, s.Chain, err = record.Chain(invoice, []remit.TimelineEntry{
		{Seq: 1, Kind: "created", Data: map[string]any{"total": 0, "due_date": "2030-04-01"}},
		{Seq: 2, Kind: "sent", Data: map[string]any{"total": 0, "due_date": "2030-04-01"}},
	})
	must(t, err)
	s.Invoice.DueDate = remit.Date{Year: 2030, Month: time.April, Day: 1}
	file, err := record.Sign(s, private)
	must(t, err)
	key, err := record.PEM(private.Public().(ed25519.PublicKey))
	must(t, err)
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, content, 0o600))
		return path
	}
	keys, good, bad := write("key.pem", []byte(key)), write("record.json", file), write("bad.json", bytes.Replace(file, []byte("INV-1"), []byte("INV-2"), 1))
	check := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(t.Context(), append([]string{"verify-record"}, args...), &surroundings{out: &out}, &out)
		return code, out.String()
	}
	if code, out := check("--key", keys, good); code != 0 || !strings.Contains(out, "The record holds.") || strings.Contains(out, "\x1b") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if code, out := check("--key", keys, bad); code != exitFailure || !strings.Contains(out, "altered") {
		t.Errorf("one that was altered: exit code %d: %s", code, out)
	}
	if code, _ := check("--key", good, good); code != exitFailure {
		t.Errorf("a record as its own key: exit code %d", code)
	}
	if code, _ := check(good); code != exitUsage {
		t.Errorf("without a key: exit code %d", code)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
