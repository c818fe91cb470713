// Package portal serves Remit's web pages.
//
// It owns the routes of the pages, how a form becomes a command and an error a
// sentence, and what is kept for who is signed out in the middle of something.
// It decides nothing about money or rights: a handler asks package commands and
// fills a page. What pages look like is package page's.
//
// Invariants: a page changes something only in answer to a POST, which ends in
// a redirect or in the form with what is wrong, but for the answer of an
// identity provider, which belongs to a POST before it; a form that pays carries a key,
// so that sent twice it pays once; secrets that were typed never come back.
package portal
