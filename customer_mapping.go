package remit

import (
	"strings"

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
	SameEmail bool
	SameName  bool
	TakenBy   string // the name of whom he is linked with; "" if nobody
}

// Reason says why he may be.
func (c MappingCandidate) Reason() string {
	switch {
	case c.SameEmail && c.SameName:
		return "same e-mail address and name"
	case c.SameEmail:
		return "same e-mail address"
	}
	return "same name"
}

// MappingProposal is what Remit proposes for a customer. Where it cannot tell, it
// proposes to leave him alone and says what a person has to decide.
type MappingProposal struct {
	Action    MappingAction
	Stripe    string // whom to map with; "" else
	Reason    string
	Conflicts []string
}

// ProposeMapping compares a customer with those at Stripe who have his e-mail address
// or his name. twins is how many other customers of ours, not linked either, have his
// e-mail address. One who has both is preferred, then one who has the address; a name
// alone is nobody's, and neither is an address that two of ours have.
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
	case len(free) == 1 && !free[0].SameEmail && c.Email != "" && free[0].Email != "":
		proposal.Conflicts = append(proposal.Conflicts, free[0].ID+" has the same name and another e-mail address, "+free[0].Email+".")
	case len(free) == 1 && !free[0].SameEmail:
		proposal.Conflicts = append(proposal.Conflicts, free[0].ID+" has the same name, and no e-mail address says that it is the same customer.")
	case len(free) == 1 && twins > 0:
		proposal.Conflicts = append(proposal.Conflicts, "Another customer of yours has this e-mail address.")
	case len(free) == 1:
		return MappingProposal{Action: MappingMap, Stripe: free[0].ID, Reason: free[0].Reason(), Conflicts: proposal.Conflicts}
	}
	proposal.Action, proposal.Reason = MappingIgnore, "a person has to decide"
	return proposal
}

func mappingRank(k MappingCandidate) int {
	rank := 0
	if k.SameEmail {
		rank += 2
	}
	if k.SameName {
		rank++
	}
	return rank
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
