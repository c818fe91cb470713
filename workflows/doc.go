// Package workflows is Remit's durable processes: in what order the steps of
// package activities are taken, and what they wait for.
//
// It owns order and waiting. It decides nothing about money: which step may be
// taken, and what it came to, is asked of the database by the step itself.
//
// Invariants: code here is deterministic (no clock, environment, random source
// or map order); handlers are registered before the first step; at most one
// step on an invoice runs at a time; a workflow that is killed and started
// again anywhere comes to the same end.
package workflows
