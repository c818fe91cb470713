// Package prove runs all of Remit, as true processes, through made-up days of
// business while it is lied to, cut off and killed, and then asks from outside
// whether every cent is where it should be.
//
// It owns the stories, the kills and the faults, the questions asked afterwards,
// and how a story that failed is made smaller. It owns nothing of what is
// proved: PostgreSQL, Temporal, the stand-in for Stripe, the API and the worker
// are processes of their own, started as they always are.
//
// A run is one world: an organisation on a test clock of its own, with an
// account of its own at the stand-in. Worlds share the processes, so a kill
// strikes all of them and counts once. What happens in a world (its [Story])
// follows from its seed alone; how far the processes have come when it happens
// does not, so a seed replays a story and not its interleaving.
//
// Invariants: nothing here is reachable from a Remit in earnest. The process
// that may be killed at a boundary is started by a hidden command, which refuses
// anything but a database of the stand-in's; the planted mutants are patches of
// the sources, and in no program but the one that is built for them.
package prove
