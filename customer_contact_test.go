package remit_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"remit"
)

// What was changed here is sent, what was changed at Stripe is taken where we have
// nothing and else offered, and what came from Stripe is never sent back (CU2).
func TestContactsAreKeptInLine(t *testing.T) {
	t.Parallel()
	both := remit.Contact{Name: "Acme", Email: "ap@acme.test"}
	of := func(shared, seen remit.Contact) remit.ContactSync {
		return remit.ContactSync{Shared: &shared, Seen: &seen}
	}
	ours := both
	ours.Email = "new@acme.test"
	if got := of(both, both).Pending(ours); !slices.Equal(got, []remit.ContactField{remit.ContactEmail}) {
		t.Errorf("a change here sends %v", got)
	}
	if got := of(both, both).Differences(ours); len(got) != 0 {
		t.Errorf("what is about to be sent is asked about: %v", got)
	}
	if got := of(both, ours).Pending(both); len(got) != 0 {
		t.Errorf("a change there sends %v", got)
	}
	if got := of(both, ours).Differences(both); len(got) != 1 || got[0] != (remit.ContactDifference{Field: remit.ContactEmail, Here: "ap@acme.test", AtStripe: "new@acme.test"}) {
		t.Errorf("a change there shows %v", got)
	}
	theirs := both
	theirs.Telephone, theirs.Address = "1", remit.CustomerAddress{Line1: "Flat 1", Country: "GB"}
	customer, taken := of(both, theirs).Taken(remit.Customer{Name: "Acme", Email: "ap@acme.test"}, theirs)
	if !slices.Equal(taken, []remit.ContactField{remit.ContactTelephone, remit.ContactAddress}) || customer.Details.Telephone != "1" || customer.Details.Address.Line1 != "Flat 1" {
		t.Errorf("where we have nothing is taken %v: %+v", taken, customer)
	}
	payers := remit.Contact{Name: "Acme", Email: "payer@elsewhere.test"}
	if customer, taken := of(remit.Contact{Name: "Acme"}, payers).Taken(remit.Customer{Name: "Acme"}, payers); len(taken) != 0 || customer.Email != "" {
		t.Errorf("an address that a payer typed is taken by itself: %v, %q", taken, customer.Email)
	}
	if got := of(remit.Contact{Name: "Acme"}, payers).Differences(remit.Contact{Name: "Acme"}); len(got) != 1 || got[0].Field != remit.ContactEmail {
		t.Errorf("an address that a payer typed shows as %v", got)
	}
	if customer, taken := payers.Adopted(remit.Customer{Name: "Acme"}); !slices.Equal(taken, []remit.ContactField{remit.ContactEmail}) || customer.Email != payers.Email {
		t.Errorf("where a person links is taken %v: %+v", taken, customer)
	}
	if _, taken := of(theirs, theirs).Taken(remit.Customer{Name: "Acme", Email: "ap@acme.test"}, theirs); len(taken) != 0 {
		t.Errorf("what was taken away here comes back: %v", taken)
	}
	odd := both
	odd.Address.Country = "Atlantis"
	if _, taken := of(both, odd).Taken(remit.Customer{Name: "Acme"}, odd); slices.Contains(taken, remit.ContactAddress) {
		t.Error("what cannot be kept here is taken")
	}
}

// However both sides change, a part is never both sent and asked about, and once ours
// was sent and seen there is nothing left to do.
func TestNoPartIsSentAndAskedAbout(t *testing.T) {
	t.Parallel()
	contacts := rapid.Custom(func(t *rapid.T) remit.Contact {
		word := rapid.SampledFrom([]string{"", "a", "b"})
		return remit.Contact{Name: word.Draw(t, "name"), Email: word.Draw(t, "email"), Telephone: word.Draw(t, "telephone"), Address: remit.CustomerAddress{Town: word.Draw(t, "town")}}
	})
	rapid.Check(t, func(t *rapid.T) {
		ours, shared, seen := contacts.Draw(t, "ours"), contacts.Draw(t, "shared"), contacts.Draw(t, "seen")
		sync := remit.ContactSync{Shared: &shared, Seen: &seen}
		pending := sync.Pending(ours)
		for _, d := range sync.Differences(ours) {
			if slices.Contains(pending, d.Field) {
				t.Fatalf("%s is sent and asked about", d.Field)
			}
		}
		for _, f := range pending {
			shared, seen = shared.With(f, ours), seen.With(f, ours)
		}
		after := remit.ContactSync{Shared: &shared, Seen: &seen}
		if len(after.Pending(ours)) != 0 {
			t.Fatalf("after it was sent %v waits", after.Pending(ours))
		}
	})
}
