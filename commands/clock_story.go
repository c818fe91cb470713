package commands

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// ClockStory is what came of what fell due while the clock was on its way, as far as the
// caller may read it. What it did only for itself is counted.
type ClockStory struct {
	Lines           []remit.StoryLine
	More            bool // the first [storyEntries] of them are told
	Looks           int  // at Stripe
	Reconciliations int  // with Stripe, of each night
}

// storyEntries bounds what is told at once: a midnight's bills may be a hundred thousand.
const storyEntries = 2000

// storySlack is how far this machine's clock may be from PostgreSQL's.
const storySlack = time.Minute

// tellStory tells what happened on a clock's way, from timelines alone and in a few queries,
// however much was fired.
func (c *Commands) tellStory(ctx context.Context, caller Caller, member Membership, began, since time.Time, result *ClockResult) error {
	story := ClockStory{}
	accounts := map[uuid.UUID]time.Time{} // bank accounts, and when they were looked at last
	late := []time.Time{}
	for _, row := range result.Fired {
		if row.At.Before(since) {
			late = append(late, row.At)
		}
		switch row.Kind { //nolint:exhaustive // the others are told by timelines
		case remit.AgendaPoll, remit.AgendaConnection:
			story.Looks++
		case remit.AgendaReconcile:
			story.Reconciliations++
		case remit.AgendaBankAccount:
			accounts[row.Object] = row.At
		}
	}
	read, err := c.units(ctx, caller, member.Tenant, remit.InvoiceRead)
	if err != nil {
		return err
	}
	edit, err := c.units(ctx, caller, member.Tenant, remit.InvoiceEdit)
	if err != nil {
		return err
	}
	customers, err := c.units(ctx, caller, member.Tenant, remit.CustomerRead)
	if err != nil {
		return err
	}
	var entries []remit.ToldEntry
	billed := 0
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if entries, err = tx.ToldBetween(ctx, read, since, result.Now, late, storyEntries); err != nil {
			return err
		}
		story.Lines, err = tx.BillingTold(ctx, edit, began.Add(-storySlack), since, result.Now, storyEntries)
		if err != nil {
			return err
		}
		billed = len(story.Lines)
		for id, at := range accounts {
			b, err := tx.BankAccount(ctx, id)
			if err != nil {
				return err
			}
			if slices.Contains(customers, b.OrganisationID) {
				story.Lines = append(story.Lines, remit.StoryLine{At: at, About: b.CustomerName, What: b.Stands()})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	story.More = len(entries) == storyEntries || billed == storyEntries
	if err := c.inStoryWords(ctx, caller, member, entries); err != nil {
		return err
	}
	story.Lines = append(story.Lines, remit.StoryOf(entries)...)
	slices.SortStableFunc(story.Lines, func(a, b remit.StoryLine) int { return a.At.Compare(b.At) })
	result.Story = story
	return nil
}

// inStoryWords leaves out what banks say to the merchant where the caller may not read it.
func (c *Commands) inStoryWords(ctx context.Context, caller Caller, member Membership, entries []remit.ToldEntry) error {
	reads := map[string]bool{}
	for n, e := range entries {
		may, known := reads[e.Organisation]
		if !known {
			decision, err := c.can(ctx, caller, member.Tenant, e.Organisation, remit.StripeRead)
			if err != nil {
				return err
			}
			may = decision.Allowed
			reads[e.Organisation] = may
		}
		if !may {
			entries[n].TimelineEntry = e.ForPayers()
		}
	}
	return nil
}
