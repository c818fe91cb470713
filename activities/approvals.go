package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/money"
	"remit/policies"
	"remit/postgres"
)

// errApproverLost says that whoever approved may not any more. The approval it is
// about then lapses.
var errApproverLost = errors.New("the approver lost his right")

// decideApprover asks policies anew whether whoever approved still may. Like
// [Payments.decide] it is asked outside of any transaction; the version it was
// decided at is compared inside the ones that count.
func (p *Payments) decideApprover(ctx context.Context, r *reservation) error {
	if r.in.Approval == nil {
		return nil
	}
	var approval *remit.Approval
	err := p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) (err error) {
		approval, err = tx.Approval(ctx, r.in.Approval)
		return err
	})
	if err != nil || approval == nil || approval.AnsweredBy == nil {
		return err // what permits nothing is refused in the transaction
	}
	ask := p.Authority.Can
	if r.strict {
		ask = p.Authority.CanNow
	}
	decision, err := MayApprove(ctx, ask, r.ref.Tenant, *approval)
	if err != nil {
		return err
	}
	if !decision.Allowed {
		return fmt.Errorf("%w: %w", errApproverLost, remit.NeedsApproval("%s may not approve here any more. Nothing was charged.", approverName(*approval)))
	}
	r.decided = min(r.decided, decision.Version)
	return nil
}

// canAsk is [policies.Authority.Can], or its stricter sisters.
type canAsk func(context.Context, policies.Subject, remit.Path, remit.Scope) (policies.Decision, error)

// MayApprove asks whether the right that an approval stands on is still held at the
// invoice's path.
func MayApprove(ctx context.Context, ask canAsk, tenant uuid.UUID, a remit.Approval) (policies.Decision, error) {
	path, err := remit.ParsePath(a.Organisation)
	if err != nil {
		return policies.Decision{}, fmt.Errorf("an approval's path: %w", err)
	}
	subject := policies.Subject{UserID: a.Authority(), Tenant: tenant}
	if a.InPlaceOf == nil {
		subject.TokenScopes = a.TokenScopes // in somebody else's place, what he holds counts
	}
	decision, err := ask(ctx, subject, path, remit.StripeApprove)
	if err != nil {
		return decision, fmt.Errorf("ask for %s: %w", remit.StripeApprove, err)
	}
	return decision, nil
}

func approverName(a remit.Approval) string {
	if a.InPlaceOf != nil {
		return a.InPlaceOf.Name
	}
	return a.AnsweredBy.Name
}

// ApprovalStands asks, in the transaction that counts, for what an approval was
// given with: the token, the delegation and the person that gave it.
func ApprovalStands(ctx context.Context, tx *postgres.Tx, a remit.Approval, now time.Time) error {
	if a.Token != nil {
		stands, err := tx.APITokenStands(ctx, *a.Token)
		if err != nil {
			return err
		}
		if !stands {
			return remit.NeedsApproval("The API token it was approved with was revoked. Nothing was charged.")
		}
	}
	if a.Delegation == nil {
		return nil
	}
	delegation, err := tx.Delegation(ctx, *a.Delegation)
	if err != nil {
		return err
	}
	active, err := tx.IsActiveMember(ctx, a.AnsweredBy.ID)
	if err != nil {
		return err
	}
	if !delegation.Stands(now) || !active {
		return remit.NeedsApproval("%s may not approve in %s's place any more. Nothing was charged.", a.AnsweredBy.Name, a.InPlaceOf.Name)
	}
	return nil
}

// toPay is an attempt as it has to be approved.
func toPay(a *remit.Attempt, in remit.PayRequest) remit.ToPay {
	p := remit.ToPay{Amount: a.Amount, Surcharge: a.Surcharge, Method: a.PaymentMethodID}
	if in.Typed {
		p.Method = nil
	}
	return p
}

// approvedFor gives the approval that an attempt is begun with, nil where it needs
// none. It is asked in the transaction that inserts the attempt, under the
// invoice's lock: whatever changes the invoice or the approval comes before, and
// is seen, or after, and finds the attempt.
func (p *Payments) approvedFor(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation, a *remit.Attempt) (*remit.Approval, error) {
	pays := toPay(a, r.in)
	asks, err := asksSecond(ctx, tx, l, r, a, pays)
	if err != nil || !asks && r.in.Approval == nil {
		return nil, err
	}
	approval, err := tx.Approval(ctx, r.in.Approval)
	if err != nil {
		return nil, err
	}
	now := l.Clock.Now(p.Now())
	if err = approval.Permits(pays, r.in.Permit.Account, l.Invoice, now); err == nil {
		err = ApprovalStands(ctx, tx, *approval, now)
	}
	switch {
	case err == nil: // it is used up even where it is not needed any more: it permits no second payment
		return approval, nil
	case !asks && remit.IsCode(err, remit.CodeApprovalRequired):
		return nil, nil //nolint:nilnil // none is needed
	}
	return nil, err
}

// asksSecond reports whether an attempt needs a second person.
func asksSecond(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation, a *remit.Attempt, pays remit.ToPay) (bool, error) {
	if !r.in.Permit.ByStaff() || l.Settings.Approvals.Above == nil {
		return false, nil
	}
	alone, err := tx.PaidAlone(ctx, l.ID, a.ID)
	return l.Settings.Approvals.Asks(pays, alone, l.Currency), err
}

// useApproval notes that an attempt was begun with an approval: it permits no other.
func useApproval(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, approval *remit.Approval, a *remit.Attempt, now time.Time) ([]remit.TimelineEntry, error) {
	if approval == nil {
		return nil, nil
	}
	approval.State, approval.EndedAt = remit.ApprovalUsed, &now
	if err := tx.SaveApproval(ctx, *approval, &a.ID); err != nil {
		return nil, err
	}
	if err := tx.Done(ctx, remit.AgendaApproval, approval.ID, now); err != nil {
		return nil, err
	}
	entry := approvalEntry("approval_used", *approval, remit.Actor{Kind: "user", ID: approval.AskedBy.ID.String(), Name: approval.AskedBy.Name})
	entry.What = fmt.Sprintf("%s's approval of %s is used for it.", approval.AnsweredBy.Name, approvalSum(*approval, l.Currency))
	entry.Why.Rule = "an approval lets one attempt be made"
	entry.Data["attempt"] = a.Number
	return []remit.TimelineEntry{entry}, nil
}

// approvedStill asks once more, in the transaction that lets the confirm go (M2,
// step 3), for the approval that an attempt was begun with.
func (p *Payments) approvedStill(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation, a *remit.Attempt, now time.Time) error {
	pays := toPay(a, r.in)
	if asks, err := asksSecond(ctx, tx, l, r, a, pays); err != nil || !asks {
		return err
	}
	approval, err := tx.ApprovalOfAttempt(ctx, a.ID)
	if err != nil {
		return err
	}
	if err := approval.StillPermits(pays, l.Invoice, now); err != nil {
		return err
	}
	return ApprovalStands(ctx, tx, *approval, now)
}

// lapseApprovals ends what nobody may use any more, now that the invoice is another.
func lapseApprovals(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, now time.Time) ([]remit.TimelineEntry, error) {
	live, err := tx.LiveApprovals(ctx, l.ID)
	if err != nil || len(live) == 0 {
		return nil, err
	}
	i := l.Invoice
	i.Status = l.DerivedStatus()
	if i.SentAt != nil {
		i.Outstanding = l.Billed - l.Applied
	}
	var entries []remit.TimelineEntry
	for _, a := range live {
		if why := a.Lapses(i, now); why != "" {
			entry, err := LapseApproval(ctx, tx, a, why, now)
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// LapseApproval ends a live approval and gives its entry for the timeline.
func LapseApproval(ctx context.Context, tx *postgres.Tx, a remit.Approval, why string, now time.Time) (remit.TimelineEntry, error) {
	before := a.State
	a.State, a.Reason, a.EndedAt = remit.ApprovalLapsed, why, &now
	entry := approvalEntry("approval_lapsed", a, remit.System)
	entry.What = fmt.Sprintf("%s's request to pay %s lapsed: %s", a.AskedBy.Name, approvalSum(a, a.Currency), why)
	if before == remit.ApprovalApproved {
		entry.What = fmt.Sprintf("%s's approval of %s for %s lapsed: %s", a.AnsweredBy.Name, approvalSum(a, a.Currency), a.AskedBy.Name, why)
	}
	entry.Why.Rule = "an approval holds for exactly what was approved"
	entry.Data["reason"] = why
	if err := tx.SaveApproval(ctx, a, nil); err != nil {
		return entry, err
	}
	return entry, tx.Done(ctx, remit.AgendaApproval, a.ID, now)
}

// lapseUnheld ends the approval of whoever lost the right to approve.
func (p *Payments) lapseUnheld(ctx context.Context, r *reservation) error {
	return p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, r.ref.Invoice)
		if err != nil {
			return err
		}
		approval, err := tx.Approval(ctx, r.in.Approval)
		if err != nil || approval == nil || !approval.State.Live() {
			return err
		}
		entry, err := LapseApproval(ctx, tx, *approval, approverName(*approval)+" may not approve here any more.", l.Clock.Now(p.Now()))
		if err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), entry)
	})
}

// approvalEntry is an entry about an approval, with what replaying needs.
func approvalEntry(kind string, a remit.Approval, actor remit.Actor) remit.TimelineEntry {
	return remit.TimelineEntry{
		Kind: kind, Actor: actor, Why: remit.Why{Version: "1"},
		Data: map[string]any{"approval": a.ID.String(), "amount": a.Amount, "surcharge": a.Surcharge},
	}
}

// approvalSum is what is approved, in words.
func approvalSum(a remit.Approval, currency string) string {
	words := money.Of(a.Sum(), money.Currency(currency)).String()
	if a.AtMost && a.Surcharge > 0 {
		words = "at most " + words
	}
	return words + " with " + a.MethodWords
}
