// Package record makes the signed record of a paid invoice and checks one, offline:
// the hash-chained timeline, the ids at Stripe and the figures of the receipt, signed
// with the organisation's Ed25519 key. docs/record.md says the same to whoever writes
// a checker of his own.
//
// It owns what a record holds, how it is written and what makes it true. It does not
// own storage, nor the private keys, which are sealed where they are stored.
//
// Invariants: a record has one form. [Verify] reads it, writes it again and compares
// the bytes, so that no two files are the same record; amounts are whole numbers in
// minor units, and nothing depends on the order of a map or on floats.
package record
