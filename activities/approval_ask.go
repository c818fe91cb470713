package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// Approvers are the people who are asked at a level of the organisation.
type Approvers struct {
	Level  remit.Path
	People []uuid.UUID // without those who have their approvals
	Found  bool
}

// ApproversFrom says who is asked for an approval from a path upwards.
func ApproversFrom(policy *policies.Policy, from remit.Path, asker uuid.UUID) (a Approvers) {
	a.Level, a.People, a.Found = remit.AskedAtLevel(from, asker, func(at remit.Path) []uuid.UUID { return policy.Holders(at, remit.StripeApprove) })
	return a
}

// AskApproval makes a request for an approval and tells whoever is asked. The
// asker's earlier live one for the invoice is to have ended.
func AskApproval(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Approval, asked Approvers, actor remit.Actor, publicURL string, real time.Time) (entry remit.TimelineEntry, err error) {
	now := l.Clock.Now(real)
	a.AskedAt, a.Level, a.State = now, asked.Level.String(), remit.ApprovalAsked
	if err := tx.InsertApproval(ctx, a); err != nil {
		return entry, err
	}
	entry = approvalEntry("approval_asked", a, actor)
	entry.What = fmt.Sprintf("%s asks to pay %s. It needs a second person.", a.AskedBy.Name, approvalSum(a, l.Currency))
	entry.Why.Rule = "above a sum a payment needs a second person"
	entry.Data["asker"] = a.AskedBy.ID.String()
	words, err := tellApprovers(ctx, tx, l, a, asked, publicURL, now)
	if err != nil {
		return entry, err
	}
	entry.What += words
	return entry, planEscalation(ctx, tx, l, a.ID, now)
}

func planEscalation(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, id uuid.UUID, now time.Time) error {
	wait := time.Duration(max(l.Settings.Approvals.EscalateAfter, 1)) * time.Hour
	return tx.Plan(ctx, l, remit.AgendaApproval, id, now.Add(wait), "ask those above to approve a payment")
}

// tellApprovers writes a mail to each who is asked, and to whoever has his
// approvals, and says who they are.
func tellApprovers(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Approval, asked Approvers, publicURL string, now time.Time) (string, error) {
	if !asked.Found {
		return " Nobody else may approve it: give somebody " + remit.StripeApprove.String() + " at " + a.Organisation + ".", nil
	}
	handed, err := tx.DelegationsFrom(ctx, asked.People, a.Organisation, now)
	if err != nil {
		return "", err
	}
	told := slices.Clone(asked.People)
	for _, d := range handed {
		if d.To.ID != a.AskedBy.ID && !slices.Contains(told, d.To.ID) {
			told = append(told, d.To.ID)
		}
	}
	people, err := tx.Names(ctx, told)
	if err != nil {
		return "", err
	}
	var names []string
	for _, id := range told {
		person, known := people[id]
		if !known {
			continue
		}
		names = append(names, person[0])
		mail := remit.ApprovalMail(l.Invoice, a, publicURL)
		if mail.ID, err = newID(); err != nil {
			return "", err
		}
		mail.To, mail.CreatedAt = person[1], now
		if err := tx.InsertApprovalMail(ctx, a.ID, remit.MailStage("asked/"+asked.Level.String()), mail); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(" Asked at %s: %s.", asked.Level, namesOf(names)), nil
}

// namesOf lists some names, and how many more there are.
func namesOf(names []string) string {
	const most = 3
	slices.Sort(names)
	words := ""
	for n, name := range names[:min(len(names), most)] {
		if n > 0 {
			words += ", "
		}
		words += name
	}
	if more := len(names) - most; more > 0 {
		words += fmt.Sprintf(" and %d more", more)
	}
	return words
}

// approversAbove finds out, before any transaction, who is asked next for what of
// an invoice waits to be approved and is due to go up.
func (p *Payments) approversAbove(ctx context.Context, ref remit.InvoiceRef) (map[uuid.UUID]Approvers, error) {
	var live []remit.Approval
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		live, err = tx.LiveApprovals(ctx, ref.Invoice)
		return err
	})
	if err != nil || len(live) == 0 {
		return nil, err
	}
	policy, err := p.Authority.Policy(ctx, ref.Tenant)
	if err != nil {
		return nil, err
	}
	above := map[uuid.UUID]Approvers{}
	for _, a := range live {
		level, err := remit.ParsePath(a.Level)
		if err != nil {
			return nil, fmt.Errorf("an approval's level: %w", err)
		}
		next := Approvers{Level: level}
		if up, more := level.Parent(); more {
			next = ApproversFrom(policy, up, a.AskedBy.ID)
		}
		above[a.ID] = next
	}
	return above, nil
}

// approvalDue lets an approval lapse whose time is over, and asks those above where
// nobody has answered.
func (p *Payments) approvalDue(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow, above map[uuid.UUID]Approvers) error {
	now := l.Clock.Now(p.Now())
	approval, err := tx.Approval(ctx, &row.ObjectID)
	if err != nil {
		return err
	}
	if approval == nil || !approval.State.Live() {
		return tx.Done(ctx, row.Kind, row.ObjectID, now)
	}
	if why := approval.Lapses(l.Invoice, now); why != "" {
		entry, err := LapseApproval(ctx, tx, *approval, why, now)
		if err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), entry)
	}
	asked, known := above[approval.ID]
	if approval.State != remit.ApprovalAsked || !known {
		return nil // came up since; looked at with the next step
	}
	if err := tx.Done(ctx, row.Kind, row.ObjectID, now); err != nil {
		return err
	}
	entry := approvalEntry("approval_escalated", *approval, remit.System)
	entry.Why.Rule = "what nobody answers goes up the organisation"
	entry.What = fmt.Sprintf("Nobody has answered %s's request to pay %s, and nobody above may.", approval.AskedBy.Name, approvalSum(*approval, l.Currency))
	if asked.Found {
		approval.Level = asked.Level.String()
		if err := tx.SaveApproval(ctx, *approval, nil); err != nil {
			return err
		}
		words, err := tellApprovers(ctx, tx, l, *approval, asked, p.PublicURL, now)
		if err != nil {
			return err
		}
		entry.What = fmt.Sprintf("Nobody has answered %s's request to pay %s.%s", approval.AskedBy.Name, approvalSum(*approval, l.Currency), words)
		if err := planEscalation(ctx, tx, l, approval.ID, now); err != nil {
			return err
		}
	}
	entry.Data["level"] = approval.Level
	return tx.SaveInvoice(ctx, l, p.Now(), entry)
}

// TellAsker writes the mail that tells whoever asked what became of it.
func TellAsker(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Approval, publicURL string, now time.Time) error {
	people, err := tx.Names(ctx, []uuid.UUID{a.AskedBy.ID})
	if err != nil {
		return err
	}
	asker, known := people[a.AskedBy.ID]
	if !known {
		return nil
	}
	mail := remit.ApprovalAnswerMail(l.Invoice, a, publicURL)
	if mail.ID, err = newID(); err != nil {
		return err
	}
	mail.To, mail.CreatedAt = asker[1], now
	return tx.InsertApprovalMail(ctx, a.ID, "answered", mail)
}

// AnsweredEntry tells the timeline that a request was approved or declined.
func AnsweredEntry(a remit.Approval, actor remit.Actor, zone *time.Location) remit.TimelineEntry {
	who := a.AnsweredBy.Name
	if a.InPlaceOf != nil {
		who += ", in " + a.InPlaceOf.Name + "'s place,"
	}
	if a.State == remit.ApprovalDeclined {
		entry := approvalEntry("approval_declined", a, actor)
		entry.What = fmt.Sprintf("%s declined that %s pays %s: %s", who, a.AskedBy.Name, approvalSum(a, a.Currency), a.Reason)
		entry.Why.Rule, entry.Data["reason"] = "a second person decides", a.Reason
		return entry
	}
	entry := approvalEntry("approval_given", a, actor)
	entry.What = fmt.Sprintf("%s approved that %s pays %s, once, until %s.", who, a.AskedBy.Name, approvalSum(a, a.Currency), a.ExpiresAt.In(zone).Format("2 Jan 2006 15:04 MST"))
	entry.Why.Rule, entry.Data["until"] = "a second person decides", a.ExpiresAt.UTC().Format(time.RFC3339)
	return entry
}
