package main

import (
	"fmt"
	"os"
	"strings"

	"remit/money"
	"remit/record"
)

// recordAtMost is how large a file may be that is taken for a record.
const recordAtMost = 64 << 20

type verifyRecordCommand struct {
	Key    string `required:"" placeholder:"FILE" help:"The organisation's public keys: PEM, or the answer of GET /v1/organisations/{id}/record-key."`
	Record string `arg:"" help:"The record's file."`
}

// Help is shown by remit verify-record --help.
func (verifyRecordCommand) Help() string {
	return "Checks the signed record of a paid invoice: its signature, its chain of hashes from the first entry to the last, and that what the timeline tells comes to the figures. It asks no database and no network. The keys must come from the organisation by another way than the record: whoever makes up a record makes up a key with it. docs/record.md says what exactly is signed."
}

func (v *verifyRecordCommand) Run(s *surroundings) error {
	keyFile, err := readUpTo(v.Key, recordAtMost)
	if err != nil {
		return err
	}
	keys, err := record.ReadKeys(keyFile)
	if err != nil {
		return err
	}
	file, err := readUpTo(v.Record, recordAtMost)
	if err != nil {
		return err
	}
	r, err := record.Verify(file, keys)
	if err != nil {
		return fmt.Errorf("%s does not hold: %w", v.Record, err)
	}
	fmt.Fprintf(s.out, "The record holds. It was signed for %s on %s by the key %s.\n", plain(r.Organisation), r.MadeAt.Format("2006-01-02 15:04:05 UTC"), r.Key)
	amount := func(minor int64) string { return money.Of(minor, money.Currency(r.Invoice.Currency)).String() }
	fmt.Fprintf(s.out, "Invoice %s of %s: total %s, paid %s, refunded %s; %d timeline entries.\n",
		plain(r.Invoice.Number), plain(r.Invoice.Seller), amount(r.Figures.Total), amount(r.Figures.Applied), amount(r.Figures.Refunded), r.Chain.Entries)
	for _, p := range r.Payments {
		if p.Captured > 0 {
			fmt.Fprintf(s.out, "Payment %s: %s by %s %s %s\n", p.ID, amount(p.Captured), p.Source, plain(p.PaymentIntent), plain(p.Charge))
		}
	}
	return nil
}

// plain keeps what a stranger wrote from steering the terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}

func readUpTo(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return os.ReadFile(path)
}
