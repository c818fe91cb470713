// Package page draws the portal's web pages: each page is a component over a
// struct of what it shows, and nothing else goes in.
//
// It owns the words people read, the layout, and how money, dates and states
// look. It asks nobody anything: package portal fills the structs, and the
// storybook fills them with made-up data.
//
// Invariants: every page works as plain links and forms; no page has inline
// script or style; a page for payers shows no decline codes and no ids of
// Stripe; every amount is written by package money.
package page
