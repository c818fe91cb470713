package remit_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"remit"
)

// What is proposed for a customer is what a careful person would do; where two could
// be meant, or an address speaks against a name, it is left to him (CU1).
func TestProposeMapping(t *testing.T) {
	t.Parallel()
	ours := remit.Customer{Name: "Acme", Email: "ap@acme.test"}
	both := remit.MappingCandidate{ID: "cus_1", Name: "Acme", Email: "ap@acme.test", SameEmail: true, SameName: true}
	address := remit.MappingCandidate{ID: "cus_2", Name: "ACME Inc", Email: "ap@acme.test", SameEmail: true}
	name := remit.MappingCandidate{ID: "cus_3", Name: "Acme", SameName: true}
	elsewhere := remit.MappingCandidate{ID: "cus_4", Name: "Acme", Email: "x@y.test", SameName: true}
	numbered := remit.MappingCandidate{ID: "cus_7", Name: "Old Acme", SameID: true}
	anothers := remit.MappingCandidate{ID: "cus_8", Name: "Acme", Email: "ap@acme.test", SameEmail: true, OtherID: true}
	taken := remit.MappingCandidate{ID: "cus_5", Name: "Acme", Email: "ap@acme.test", SameEmail: true, SameName: true, TakenBy: "Other"}
	for _, row := range []struct {
		says       string
		candidates []remit.MappingCandidate
		twins      int
		action     remit.MappingAction
		stripe     string
		conflict   string
	}{
		{"nobody", nil, 0, remit.MappingCreate, "", ""},
		{"both", []remit.MappingCandidate{name, address, both}, 0, remit.MappingMap, "cus_1", ""},
		{"both, and a twin of ours", []remit.MappingCandidate{both}, 1, remit.MappingIgnore, "", "Another customer"},
		{"the address", []remit.MappingCandidate{name, address}, 0, remit.MappingMap, "cus_2", ""},
		{"the address, and a twin of ours", []remit.MappingCandidate{address}, 1, remit.MappingIgnore, "", "Another customer"},
		{"the id in another system, before address and name", []remit.MappingCandidate{both, numbered}, 0, remit.MappingMap, "cus_7", ""},
		{"the id, and a twin of ours", []remit.MappingCandidate{numbered}, 1, remit.MappingIgnore, "", "both would be cus_7"},
		{"the address, and another's id", []remit.MappingCandidate{anothers}, 0, remit.MappingIgnore, "", "another customer's id"},
		{"two with the address", []remit.MappingCandidate{address, {ID: "cus_6", SameEmail: true}}, 0, remit.MappingIgnore, "", "Several"},
		{"a name alone", []remit.MappingCandidate{name}, 0, remit.MappingIgnore, "", "same name"},
		{"a name with another address", []remit.MappingCandidate{elsewhere}, 0, remit.MappingIgnore, "", "another e-mail"},
		{"one who is another's", []remit.MappingCandidate{taken}, 0, remit.MappingIgnore, "", "belongs to Other"},
		{"one who is another's, and one who is free", []remit.MappingCandidate{taken, address}, 0, remit.MappingMap, "cus_2", "belongs to Other"},
	} {
		got := remit.ProposeMapping(ours, row.candidates, row.twins)
		if got.Action != row.action || got.Stripe != row.stripe || !strings.Contains(strings.Join(got.Conflicts, " "), row.conflict) || got.Reason == "" {
			t.Errorf("%s: %+v", row.says, got)
		}
	}
}

// Nobody is ever proposed to be mapped with one who is another's.
func TestAMappingTakesNobodyAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		taken := map[string]bool{}
		candidates := rapid.SliceOf(rapid.Custom(func(t *rapid.T) remit.MappingCandidate {
			k := remit.MappingCandidate{ID: rapid.StringMatching("cus_[a-z]{3}").Draw(t, "id"), SameEmail: rapid.Bool().Draw(t, "email"), TakenBy: rapid.SampledFrom([]string{"", "Other"}).Draw(t, "taken")}
			k.SameName = !k.SameEmail || rapid.Bool().Draw(t, "name")
			return k
		})).Draw(t, "candidates")
		for _, k := range candidates {
			taken[k.ID] = taken[k.ID] || k.TakenBy != ""
		}
		got := remit.ProposeMapping(remit.Customer{}, candidates, rapid.IntRange(0, 2).Draw(t, "twins"))
		free := false
		for _, k := range candidates {
			free = free || k.ID == got.Stripe && k.TakenBy == ""
		}
		if (got.Action == remit.MappingMap) != free || got.Action == remit.MappingCreate && len(candidates) > 0 {
			t.Fatalf("of %+v is proposed %+v", candidates, got)
		}
	})
}

// An id that a customer has in another system is found in the metadata of the one at
// Stripe, however the key is written; another value of the same system is somebody else.
func TestIdsInMetadataSayWhoIsWho(t *testing.T) {
	t.Parallel()
	ours := remit.Customer{ExternalID: "A-1", Details: remit.CustomerDetails{ExternalIDs: []remit.ExternalID{{Key: "Xero", Value: "9"}}}}
	for _, row := range []struct {
		metadata    map[string]string
		same, other bool
	}{
		{nil, false, false},
		{map[string]string{"xero": "9"}, true, false},
		{map[string]string{"Xero_Customer_ID": " 9 "}, true, false},
		{map[string]string{"xero id": "8"}, false, true},
		{map[string]string{"customer_id": "A-1"}, true, false},
		{map[string]string{"external_id": "A-1", "xeroId": "8"}, true, true},
		{map[string]string{"plan": "gold", "hubspot": "9"}, false, false},
		{map[string]string{"remit_customer": "0193a8f0-0000-7000-8000-000000000001"}, false, true},
	} {
		got := remit.MappingCandidate{KnownAs: remit.MappingKeys(row.metadata)}.Compared(ours)
		if got.SameID != row.same || got.OtherID != row.other {
			t.Errorf("%v: same %t, other %t", row.metadata, got.SameID, got.OtherID)
		}
	}
}
