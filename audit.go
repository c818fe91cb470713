package remit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// AuditEntry says who did what, or tried to. Entries of a tenant are numbered
// from 1 without gaps and each one's hash covers the one before.
type AuditEntry struct {
	Seq           int64
	At            time.Time // real time, to the microsecond
	Actor         Actor
	Token         *uuid.UUID // the API token the actor used
	Address       string
	RequestID     string
	Action        string // what was asked for, such as "grant.create"
	Object        string // what it was done to: a kind and an id or a name
	Path          string // organisation; empty for the tenant as a whole
	Scope         string // permission that was asked for
	Matched       string // line of the policy that decided
	PolicyVersion int64
	Outcome       AuditOutcome
	Change        json.RawMessage // before and after, never a secret; {} if nothing is to be said
	Hash          []byte
}

// AuditOutcome is how what was asked for ended.
type AuditOutcome string

// The outcomes.
const (
	AuditDone AuditOutcome = "done"
	// AuditAsked: handed to the invoice's workflow; its timeline tells what came of it.
	AuditAsked  AuditOutcome = "asked"
	AuditDenied AuditOutcome = "denied"
	AuditFailed AuditOutcome = "failed"
)

// ChainHash is the entry's hash after an entry whose hash was previous, nil for
// the first: SHA-256 over the tenant, previous and every field in the order they
// are declared, each with its length in front, so that no byte can move from one
// field to the next. Hash itself is left out.
func (e AuditEntry) ChainHash(tenant uuid.UUID, previous []byte) []byte {
	sum := sha256.New()
	write := func(field []byte) {
		_, _ = sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		_, _ = sum.Write(field)
	}
	number := func(n int64) { write(binary.BigEndian.AppendUint64(nil, uint64(n))) } //nolint:gosec // the same 64 bits
	write(tenant[:])
	write(previous)
	number(e.Seq)
	number(e.At.UnixMicro())
	for _, text := range []string{e.Actor.Kind, e.Actor.ID, e.Actor.Name} {
		write([]byte(text))
	}
	if e.Token == nil {
		write(nil)
	} else {
		write(e.Token[:])
	}
	for _, text := range []string{e.Address, e.RequestID, e.Action, e.Object, e.Path, e.Scope, e.Matched} {
		write([]byte(text))
	}
	number(e.PolicyVersion)
	write([]byte(e.Outcome))
	write(e.Change)
	return sum.Sum(nil)
}
