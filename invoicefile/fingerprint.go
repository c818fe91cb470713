package invoicefile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"strconv"
)

// Fingerprint is the SHA-256 of what an invoice says. An import of the same key
// (seller, customer, number) with the same fingerprint is nothing new; with
// another one it is an error.
type Fingerprint [sha256.Size]byte

// Fingerprint covers everything the invoice demands and of whom, in a fixed
// order. It leaves out where in a file it stood, and what is the customer's and
// may change: the e-mail address, and the name where there is an id.
func (d Draft) Fingerprint() Fingerprint {
	sum := sha256.New()
	id, name := d.customer()
	write(sum, "invoice 1", d.Number, id, name, d.IssueDate.String(), d.DueDate.String(),
		string(d.Amount.Currency), strconv.FormatInt(d.Amount.Minor, 10), d.Description, strconv.FormatBool(d.Disputed),
		strconv.Itoa(len(d.Lines)))
	for _, line := range d.Lines {
		write(sum, line.Description, line.Quantity, line.UnitPrice, strconv.FormatInt(line.Amount, 10))
	}
	return Fingerprint(sum.Sum(nil))
}

// write adds texts with their lengths before them, so that no two lists of
// texts are the same bytes.
func write(sum hash.Hash, texts ...string) {
	for _, text := range texts {
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		sum.Write([]byte(text))
	}
}

// customer is what identifies the customer: the id, or the name without one.
func (d Draft) customer() (id, name string) {
	if d.CustomerExternalID != "" {
		return d.CustomerExternalID, ""
	}
	return "", d.CustomerName
}

// Summary is what a person needs to tell two versions of an invoice apart:
// "$1,200.00, issued 2026-03-01, due 2026-04-01, for March".
func (d Draft) Summary() string {
	due := "no due date"
	if !d.DueDate.IsZero() {
		due = "due " + d.DueDate.String()
	}
	summary := fmt.Sprintf("%s, issued %s, %s", d.Amount, d.IssueDate, due)
	if d.Disputed {
		summary += ", disputed"
	}
	if d.Description != "" {
		summary += ", for " + shortened(d.Description)
	}
	return summary
}

// naturalKey is what makes an invoice one invoice, within a seller.
type naturalKey struct{ customerID, customerName, number string }

type sighting struct {
	line        int
	fingerprint Fingerprint
	summary     string
}

// sight notes a draft. A second one of the same key either repeats the first,
// or contradicts it and is wrong.
func (r *Reader) sight(d Draft) (repeats bool, problem *RowError) {
	id, name := d.customer()
	key, fingerprint := naturalKey{id, name, d.Number}, d.Fingerprint()
	earlier, seen := r.seen[key]
	switch {
	case !seen:
		r.seen[key] = sighting{d.Line, fingerprint, d.Summary()}
		return false, nil
	case earlier.fingerprint == fingerprint:
		return true, nil
	}
	return false, &RowError{
		Line: d.Line, Field: r.columns.header[r.columns.at[number]], Value: shortened(d.Number),
		Reason: fmt.Sprintf("%s is on line %d already with other content: there %s; here %s.",
			shortened(d.Number), earlier.line, earlier.summary, d.Summary()),
	}
}
