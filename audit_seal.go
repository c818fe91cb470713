package remit

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// AuditSeal says that a tenant's audit trail had an entry with this number and
// this hash, and so every entry before it. It is kept outside the database, so
// that whoever rewrites the trail with all its hashes is found out, and a
// database that is older than what was sealed is known for one.
type AuditSeal struct {
	Tenant       uuid.UUID
	Organisation string // the tenant's path when it was sealed
	Seq          int64
	Hash         []byte
	At           time.Time // real time, to the microsecond
	Resumed      *Resumed  // set: from here on another trail counts
	Signature    []byte
}

// Resumed says that somebody has looked at a database that lacks what was
// sealed, and that the trail goes on from there.
type Resumed struct {
	After  int64 // seals of later entries count no more; those up to it still do
	Reason string
}

// Message is what the signature is over: SHA-256 of every other field, each
// with its length in front.
func (s AuditSeal) Message() []byte {
	sum := sha256.New()
	write := func(field []byte) {
		_, _ = sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		_, _ = sum.Write(field)
	}
	number := func(n int64) { write(binary.BigEndian.AppendUint64(nil, uint64(n))) } //nolint:gosec // the same 64 bits
	write([]byte("remit audit seal 1"))
	write(s.Tenant[:])
	write([]byte(s.Organisation))
	number(s.Seq)
	write(s.Hash)
	number(s.At.UnixMicro())
	if s.Resumed != nil {
		number(s.Resumed.After)
		write([]byte(s.Resumed.Reason))
	}
	return sum.Sum(nil)
}
