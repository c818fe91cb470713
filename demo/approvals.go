package demo

import (
	"context"

	"remit"
)

// approvalsAbove is the sum, $7,000.00, above which a payment at Branch B needs a second
// person. What Branch B's other invoices had paid is less.
const approvalsAbove = 700_000

// large is an invoice that Branch B's payer does not pay alone.
var large = bill{"B-9001", "hotel", -6, 24, lines(line("Linen renewal, 180 rooms", "180", "38.50")), true, 0, leftOpen}

// approvals has large payments at Branch B approved by a second person, and makes an
// invoice that asks for it: one takes the setting when it is made. Where somebody has
// said anything of approvals there, that holds.
func (s *seeder) approvals(ctx context.Context) error {
	if err := s.admit(ctx, managerB); err != nil {
		return err
	}
	var rules struct {
		SetAt *string `json:"set_at"`
	}
	if err := s.admin.Get(ctx, "/v1/settings/approvals", at(BranchB), &rules); err != nil {
		return err
	}
	if rules.SetAt == nil {
		wanted := map[string]any{"above": approvalsAbove, "escalate_after_hours": remit.DefaultEscalation, "automatic_charges": false}
		if err := s.put(ctx, "/v1/settings/approvals", at(BranchB), wanted); err != nil {
			return err
		}
	}
	return s.makeBills(ctx, []bill{large})
}
