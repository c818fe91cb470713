package remit

import (
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// MappingAction is what becomes of a customer when ours and Stripe's are brought
// together.
type MappingAction string

// The actions of a mapping.
const (
	MappingMap    MappingAction = "map"    // linked with one who is at Stripe
	MappingCreate MappingAction = "create" // made at Stripe
	MappingIgnore MappingAction = "ignore" // left alone; the first payment makes him at Stripe
)

// Known reports that it is one of them.
func (a MappingAction) Known() bool {
	return a == MappingMap || a == MappingCreate || a == MappingIgnore
}

// MappingCandidate is a customer at Stripe who may be one of ours.
type MappingCandidate struct {
	ID        string
	Name      string
	Email     string
	KnownAs   []string // his ids elsewhere, as [MappingKeys] writes them
	SameID    bool     // he has an id elsewhere that ours has
	OtherID   bool     // he has one of a system where ours has another
	SameEmail bool
	SameName  bool
	TakenBy   string // the name of whom he is linked with; "" if nobody
	TakenAt   string // that one's organisation path
}

// SomebodyElse stands for the name of a customer whom the reader may not read.
const SomebodyElse = "another customer"

// Compared is the candidate with what his ids elsewhere say of a customer of ours.
func (c MappingCandidate) Compared(ours Customer) MappingCandidate {
	has := map[string]string{}
	for _, key := range ours.MappingKeys() {
		system, _, _ := strings.Cut(key, ":")
		has[system] = key
	}
	for _, key := range c.KnownAs {
		system, _, _ := strings.Cut(key, ":")
		switch is, known := has[system]; {
		case known && is == key:
			c.SameID = true
		case known:
			c.OtherID = true
		}
	}
	return c
}

// Reason says why he may be.
func (c MappingCandidate) Reason() string {
	var same []string
	if c.SameID {
		same = append(same, "id in another system")
	}
	if c.SameEmail {
		same = append(same, "e-mail address")
	}
	if c.SameName {
		same = append(same, "name")
	}
	if len(same) == 0 {
		return "an id in another system"
	}
	return "same " + strings.Join(same, " and ")
}

// MappingProposal is what Remit proposes for a customer. Where it cannot tell, it
// proposes to leave him alone and says what a person has to decide.
type MappingProposal struct {
	Action    MappingAction
	Stripe    string // whom to map with; "" else
	Reason    string
	Conflicts []string
}

// ProposeMapping compares a customer with those at Stripe who have his id in another
// system, his e-mail address or his name. twins is how many other customers of ours,
// not linked either, have his e-mail address or his number. One with the id is
// preferred, then one with address and name, then one with the address; a name alone is
// nobody's, neither is an address that two of ours have, nor one whose ids are another's.
func ProposeMapping(c Customer, candidates []MappingCandidate, twins int) MappingProposal {
	var free []MappingCandidate
	best := 0
	proposal := MappingProposal{}
	for _, k := range candidates {
		switch {
		case k.TakenBy != "":
			proposal.Conflicts = append(proposal.Conflicts, k.ID+" ("+k.Reason()+") belongs to "+k.TakenBy+".")
		case mappingRank(k) > best:
			best, free = mappingRank(k), []MappingCandidate{k}
		case mappingRank(k) == best:
			free = append(free, k)
		}
	}
	switch {
	case len(free) == 0 && len(proposal.Conflicts) == 0:
		proposal.Action, proposal.Reason = MappingCreate, "nobody at Stripe has this e-mail address or name"
		return proposal
	case len(free) > 1:
		proposal.Conflicts = append(proposal.Conflicts, "Several at Stripe have the "+free[0].Reason()+".")
	case len(free) == 1:
		if against := mappingDoubt(c, free[0], twins); against != "" {
			proposal.Conflicts = append(proposal.Conflicts, against)
			break
		}
		return MappingProposal{Action: MappingMap, Stripe: free[0].ID, Reason: free[0].Reason(), Conflicts: proposal.Conflicts}
	}
	proposal.Action, proposal.Reason = MappingIgnore, "a person has to decide"
	return proposal
}

// mappingDoubt is what speaks against the one who fits best, "" if nothing does.
func mappingDoubt(c Customer, k MappingCandidate, twins int) string {
	switch {
	case k.OtherID:
		return k.ID + " (" + k.Reason() + ") has another customer's id in its metadata."
	case twins > 0:
		return "Another customer of yours has this e-mail address or number: both would be " + k.ID + "."
	case k.SameID || k.SameEmail:
		return ""
	case c.Email != "" && k.Email != "":
		return k.ID + " has the same name and another e-mail address, " + k.Email + "."
	}
	return k.ID + " has the same name, and no e-mail address says that it is the same customer."
}

func mappingRank(k MappingCandidate) int {
	rank := 0
	if k.SameID {
		rank += 4
	}
	if k.SameEmail {
		rank += 2
	}
	if k.SameName {
		rank++
	}
	return rank
}

// MappingKeys are the ids that a customer's metadata at Stripe says he has in other
// systems, each as "system:id". xero_customer_id, Xero ID and xero are one system;
// customer_id and external_id are the business's own books, and remit_customer is what
// Remit wrote there.
func MappingKeys(metadata map[string]string) []string {
	var keys []string
	for name, id := range metadata {
		if key := mappingKey(name, id); key != "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// MappingKeys are the ids that we know of a customer, likewise.
func (c Customer) MappingKeys() []string {
	keys := []string{mappingKey("remit", c.ID.String()), mappingKey("external", c.ExternalID)}
	for _, id := range c.Details.ExternalIDs {
		keys = append(keys, mappingKey(id.Key, id.Value))
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == "" })
	slices.Sort(keys)
	return slices.Compact(keys)
}

func mappingKey(name, id string) string {
	system := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	system = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(system, "number"), "id"), "customer")
	if system == "" {
		system = "external"
	}
	id = strings.TrimSpace(id)
	if id == "" || !fitsDetail(id) || len(system) > maxDetail {
		return ""
	}
	return system + ":" + id
}

// MappingChoice is what a person has decided for a customer.
type MappingChoice struct {
	Customer uuid.UUID     `json:"customer"`
	Action   MappingAction `json:"action"`
	Stripe   string        `json:"stripe,omitempty"`
}

// Check returns [CodeInvalid] naming the field for a choice that says too little.
func (m MappingChoice) Check() error {
	if !m.Action.Known() {
		return Invalid("choices", "Choose map, create or ignore.")
	}
	if m.Action != MappingMap {
		if strings.TrimSpace(m.Stripe) != "" {
			return Invalid("choices", "Only a customer who is mapped has an id at Stripe.")
		}
		return nil
	}
	_, err := ParseStripeCustomer("choices", m.Stripe)
	return err
}
