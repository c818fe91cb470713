package record

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
)

// Verify checks a record's file against public keys that were obtained in another way
// than the record: that it has the one form a record has, that one of the keys signed
// every byte of what it says, that its timeline is one chain from the first entry to
// the end that is signed, and that what the timeline tells comes to the figures. It
// needs nothing but its arguments. The error says what does not hold.
func Verify(file []byte, keys Keys) (Signed, error) {
	s, r, err := read(file)
	if err != nil {
		return Signed{}, err
	}
	key, known := keys[s.Key]
	if !known {
		return Signed{}, fmt.Errorf("it is signed by the key %s, which is none of those given", s.Key)
	}
	signature, err := hex.DecodeString(r.Signature)
	// Hexadecimal has two cases, and a record has one form.
	if err != nil || hex.EncodeToString(signature) != r.Signature || !ed25519.Verify(key, r.Signed, signature) {
		return Signed{}, errors.New("the signature is not that of what it says: it was altered")
	}
	entries, err := s.chain()
	if err != nil {
		return Signed{}, err
	}
	return s, s.sums(entries)
}

// read takes a record in, and refuses whatever is not written as it would be written
// here: names twice, white space, another order, an escape that need not be.
func read(file []byte) (s Signed, r Record, err error) {
	if err := strictly(file, &r); err != nil {
		return s, r, fmt.Errorf("this is not a record: %w", err)
	}
	if err := strictly(r.Signed, &s); err != nil {
		return s, r, fmt.Errorf("this is not a record: %w", err)
	}
	if s.Format != Format {
		return s, r, fmt.Errorf("this is not a %s but says of itself: %.40q", Format, s.Format)
	}
	text, err := json.Marshal(s)
	if err != nil {
		return s, r, fmt.Errorf("this is not a record: %w", err)
	}
	again, err := written(Record{Signed: text, Signature: r.Signature})
	if err != nil {
		return s, r, fmt.Errorf("this is not a record: %w", err)
	}
	if !bytes.Equal(again, file) {
		return s, r, errors.New("it is not written as a record is: it was altered")
	}
	return s, r, nil
}

func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// chain recomputes every hash, and reads the entries.
func (s Signed) chain() ([]remit.TimelineEntry, error) {
	if len(s.Timeline) == 0 {
		return nil, errors.New("it has no timeline")
	}
	entries := make([]remit.TimelineEntry, len(s.Timeline))
	var previous []byte
	for n, e := range s.Timeline {
		previous = remit.ChainHash(previous, e.Text)
		if hex.EncodeToString(previous) != e.Hash {
			return nil, fmt.Errorf("entry %d of the timeline is not what was written, or one before it is missing", n+1)
		}
		invoice, entry, err := entryOf(e.Text)
		if err != nil {
			return nil, fmt.Errorf("entry %d of the timeline: %w", n+1, err)
		}
		if invoice != s.Invoice.ID || entry.Seq != int64(n+1) {
			return nil, fmt.Errorf("entry %d of the timeline is entry %d of invoice %s", n+1, entry.Seq, invoice)
		}
		entries[n] = entry
	}
	if end := hex.EncodeToString(previous); s.Chain.End != end || s.Chain.Entries != len(entries) {
		return nil, fmt.Errorf("the timeline has %d entries and does not end where %d end that were signed for", len(entries), s.Chain.Entries)
	}
	return entries, nil
}

// entryOf reads an entry's text; see [remit.TimelineEntry.Chained].
func entryOf(text []byte) (invoice uuid.UUID, e remit.TimelineEntry, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return invoice, e, err
	}
	into := []any{&invoice, &e.Seq, &e.At, &e.Kind, &e.What, &e.Why, &e.Actor, &e.StripeIDs, &e.Data}
	if len(parts) != len(into) {
		return invoice, e, fmt.Errorf("it has %d parts, not %d", len(parts), len(into))
	}
	for n, part := range parts {
		decoder := json.NewDecoder(bytes.NewReader(part))
		decoder.UseNumber() // an amount may have more digits than a float (M8)
		if err := decoder.Decode(into[n]); err != nil {
			return invoice, e, err
		}
	}
	return invoice, e, nil
}
