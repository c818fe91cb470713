package seals

import (
	"fmt"
	"os"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/secrets"
)

// Book is all that a file of seals says, to verify trails with.
type Book struct {
	// Seals of each tenant that count, in the order of their entries.
	Seals map[uuid.UUID][]remit.AuditSeal
	// Resumed are those by which somebody let other seals count no more.
	Resumed []remit.AuditSeal
	// Wrong names lines that are no seals of this installation.
	Wrong []string
}

// ReadBook reads a whole file of seals, or a copy of one.
func ReadBook(path string, keys *secrets.Keyring) (*Book, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the file of audit seals: %w", err)
	}
	defer in.Close()
	book := &Book{Seals: map[uuid.UUID][]remit.AuditSeal{}}
	number := 0
	err = eachLine(in, func(raw []byte) error {
		number++
		book.take(raw, number, keys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return book, nil
}

// take reads a line.
func (b *Book) take(raw []byte, number int, keys *secrets.Keyring) {
	seal, err := decode(raw)
	switch {
	case err != nil:
		b.Wrong = append(b.Wrong, fmt.Sprintf("Line %d of the file of audit seals: %s.", number, err))
	case keys.VerifySignature(secrets.AuditSeal, seal.Message(), seal.Signature) != nil:
		b.Wrong = append(b.Wrong, fmt.Sprintf("Line %d of the file of audit seals, of entry %d of %s, was not signed by this installation.",
			number, seal.Seq, seal.Organisation))
	default:
		b.add(seal)
	}
}

func (b *Book) add(seal remit.AuditSeal) {
	list := b.Seals[seal.Tenant]
	if len(list) > 0 && !seal.At.After(list[len(list)-1].At) {
		return // repeated
	}
	if seal.Resumed != nil {
		list = slices.DeleteFunc(list, func(s remit.AuditSeal) bool { return s.Seq > seal.Resumed.After })
		b.Resumed = append(b.Resumed, seal)
	}
	b.Seals[seal.Tenant] = append(list, seal)
}
