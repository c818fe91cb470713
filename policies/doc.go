// Package policies decides who may do what at which organisation's path.
//
// It owns the casbin model, the roles shipped with Remit, the compiled policy
// of each tenant and the one question [Authority.Can]; it is the only importer
// of casbin. It does not own the tables (a [Source] reads them), nor amounts,
// approvals, the separation of duties or a customer's bond to his own invoices:
// those are rules of the commands.
//
// Invariants:
//   - What is not permitted is denied: an error, an empty policy, an unknown
//     path of another tenant and a malformed permission all deny.
//   - A role at a path holds there and at every path below, by whole segments.
//   - A denial (the shipped role Frozen alone) outdoes every permission.
//   - A [Policy] never changes. A change of grants makes a new one, and after
//     [Authority.Invalidate] has returned no question is answered from the old.
//   - A token narrows what its owner holds and never adds to it.
package policies
