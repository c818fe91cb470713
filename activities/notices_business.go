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

// BusinessTo finds out to whom mails to the business about invoices at a path go: to
// the address that is set, or else to the people who may edit invoices there and read what
// banks say. As with
// approvals those are asked who hold that right nearest to the path, so that owners
// hear of a branch's invoices where nobody in it looks after them.
func BusinessTo(ctx context.Context, tx *postgres.Tx, path, contact string, settings remit.NoticeSettings) (remit.BusinessTo, error) {
	to := remit.BusinessAddress(contact, settings)
	if to.Address != "" {
		return to, nil
	}
	at, err := remit.ParsePath(path)
	if err != nil {
		return to, fmt.Errorf("an organisation's path: %w", err)
	}
	snapshot, err := tx.StaffSnapshot(ctx, path)
	if err != nil {
		return to, err
	}
	policy, err := policies.Compile(tx.Tenant, snapshot)
	if err != nil {
		return to, err
	}
	_, holders, _ := remit.AskedAtLevel(at, uuid.Nil, func(at remit.Path) []uuid.UUID { return reads(policy, at) })
	people, err := tx.Names(ctx, holders)
	if err != nil {
		return to, err
	}
	var told []remit.Told
	for _, id := range holders {
		if person, known := people[id]; known {
			told = append(told, remit.Told{ID: id, Name: person[0], Email: person[1]})
		}
	}
	to.Tell(told)
	return to, nil
}

// reads are who may edit invoices at a path and read what banks say of their payments, as
// these mails do.
func reads(policy *policies.Policy, at remit.Path) []uuid.UUID {
	may := policy.Holders(at, remit.StripeRead)
	return slices.DeleteFunc(policy.Holders(at, remit.InvoiceEdit), func(id uuid.UUID) bool { return !slices.Contains(may, id) })
}

// postToBusiness puts a mail to the business into the outbox, for each who is told
// one, or says why there is none: what fails is never silent.
func postToBusiness(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, real time.Time, mail remit.Mail, settings remit.NoticeSettings, n letter) (entry remit.TimelineEntry, err error) {
	to, err := BusinessTo(ctx, tx, l.Organisation, l.Settings.Contact, settings)
	if err != nil {
		return entry, err
	}
	if to.Nobody() {
		return post(l, real, mail, remit.NobodyToTell(l.Organisation), n)
	}
	for k, each := range to.Mails(mail) {
		written, err := post(l, real, each, nil, n)
		if err != nil {
			return entry, err
		}
		if k == 0 {
			entry = written
		}
	}
	if len(to.People) > 0 {
		var names []string
		for _, p := range to.People {
			names = append(names, p.Name)
		}
		entry.What = n.what + " is in the outbox for " + namesOf(names) + "."
	}
	return entry, nil
}
