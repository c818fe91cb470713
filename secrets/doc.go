// Package secrets owns the keys of the installation and what may be done with
// them: sealing stored values, keyed fingerprints, tags of pay links, the
// audit's signatures and the encryption of everything handed to Temporal.
//
// It does not own where keysets are stored (a [Store] does), who may rotate
// them, or which columns are sealed.
//
// Invariants: one tink keyset per [Purpose], so that a value of one purpose
// never opens, verifies or compares under another; a stored keyset is sealed
// by the key encryption key (KEK), which is read from a file that only its
// owner may read and is never stored beside the keysets; a sealed value is
// bound to its tenant, table, column and row ([AD]) and opens nowhere else;
// AES-256-GCM is the only cipher, HMAC-SHA256 the only MAC, Ed25519 the only
// signature; no error carries key material, plaintext or ciphertext.
package secrets
