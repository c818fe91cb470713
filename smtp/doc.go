// Package smtp hands mails to a mail server and says what it made of them.
//
// It owns how a message looks on the wire, how the server is reached, and which of
// its answers means what. It does not own which mails there are, when one is tried
// again, or what people read in it.
//
// Invariants: beyond this machine nothing travels without verified TLS; one call
// hands one mail over once at most; where it is not sure whether the server took it,
// it says so instead of guessing; what comes from data never becomes a header.
package smtp
