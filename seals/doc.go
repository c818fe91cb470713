// Package seals keeps the signed heads of audit trails in a file outside the
// database, and asks whether a database still has what was sealed.
//
// It owns the file: one JSON line for each seal, only ever appended to, on disk
// before anybody is told. It does not own the trail, the keys, or what is done
// about a database that lacks what was sealed.
//
// Invariants: an entry is sealed only after its commit, so that the file is
// never ahead of the database it belongs to; nothing is sealed over a trail
// that lacks an earlier seal; of seals that cannot be read or were signed by an
// unknown key none counts as good.
package seals
