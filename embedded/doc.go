// Package embedded brings up, on loopback, the parts Remit needs where no real
// one is configured: a private PostgreSQL, a Temporal server and the stand-in
// for Stripe. The command `remit dev` uses it, and so do the tests.
//
// It owns a data folder: the lock that keeps two programs out of it, the ports
// it remembers, the PostgreSQL cluster with its password, and the logs. It
// does not own what is inside the databases, and it installs nothing: the
// PostgreSQL binaries are those of the machine, the Temporal server is built by
// tools/build.
//
// Invariants:
//   - everything listens on 127.0.0.1 only, and PostgreSQL wants a password;
//   - children end with this process where the system can do that (Linux);
//   - after a kill -9 of anything, the next start recovers by itself;
//   - PostgreSQL never runs as root, and can still keep its data below a
//     folder only root may enter.
package embedded
