// Package invoicepdf draws an invoice as a PDF: who is billed by whom, for what,
// what is left to pay and how to pay it.
//
// It owns the layout and the typeface, IBM Plex Sans, which has the letters of
// Latin (Vietnamese too), Greek and Cyrillic. Others, such as Chinese, Arabic or
// Hebrew, are written as "?", and the page says that they are missing: a "?" is
// read as what it is, an empty box is not. It does not own what an invoice says
// or who may see it.
//
// Invariants: the same document gives the same bytes, whenever and wherever it
// is drawn; nothing is read from outside.
package invoicepdf
