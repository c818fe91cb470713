// Package demo furnishes a Remit with a business to look at: an organisation
// with two branches, people with roles, customers with cards, and invoices in
// every state.
//
// It owns what the demo holds. It does not own how any of it is stored or paid:
// all is made through Remit's own HTTP API and on the stand-in's hosted pages,
// as people would, and no row is written behind them. The exceptions are the
// top-level organisation and the accounts, whose password is shorter than
// people may choose; package commands makes both beside the stand-in alone.
//
// Invariants: seeding again changes nothing, and seeding that was cut off
// anywhere is completed by the next; dates are relative to the day on which it
// began; no secret leaves the data folder.
package demo
