// Package api serves Remit over HTTP: JSON in and out, Stripe's webhooks in.
//
// It owns openapi.yaml (the contract), the routes, who a request's credentials
// speak for, Idempotency-Key, and the form of every answer and error. It
// decides nothing about money or rights: a handler reads, asks package commands
// and answers.
//
// Invariants: every route is an operation of openapi.yaml and the other way
// round; a signed-in route runs nothing before the caller is known; a body is
// read against the contract only when a command asks for it, which is after
// the caller was seen to be permitted; an error leaves as problem+json with
// nothing internal in it.
package api
