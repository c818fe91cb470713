// Package credentials owns what people and programs prove themselves with:
// passwords, tokens, one-time codes, recovery codes, and how fast they may be
// tried.
//
// It does not own where hashes are stored, sessions, or who may do what. It
// keeps no state besides the bound on hashes running at once.
//
// Invariants: only a hash is ever given out to be stored; a password that was
// not accepted by the [Policy] cannot be hashed (the demo's has a path of its
// own); checking the password of a person who does not exist costs what it
// costs for one who does; every token has 256 random bits, every recovery code
// 128.
package credentials
