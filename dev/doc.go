// Package dev runs all of Remit on one machine: PostgreSQL, Temporal, the
// stand-in for Stripe, and one process with API, portal and worker, furnished
// with a demo.
//
// It owns the order in which the parts come up and go down, what becomes of one
// that dies, the secrets of the data folder, and what a person at the terminal
// reads meanwhile. It does not own how a single part is started (package
// embedded), what Remit does (package program) or what the demo holds (package
// demo).
//
// Invariants: all state is in the data folder, which one process at a time has
// open; a kill of anything loses nothing that was answered, and the next start
// goes on; the demo is on loopback beside a stand-in, or there is none (T38).
package dev
