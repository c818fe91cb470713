// Package identity signs people in at an OpenID Connect provider: it finds the
// provider's addresses, makes the address a browser is sent to, and checks what
// comes back with it.
//
// It does not own who a person of the provider is here, sessions, or that an
// attempt is used once. There is one provider, which the operator configures.
//
// Invariants: a person is the issuer and its subject, never an address, which
// is not even asked for; what is believed was signed by the issuer with an
// asymmetric algorithm, for this client and for this attempt; state, nonce and
// the proof of the code's exchange are derived from a secret that never leaves
// the browser it was given to; no redirect is followed, and nothing is read
// beyond 1 MiB.
package identity
