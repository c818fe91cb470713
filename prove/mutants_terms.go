package prove

// agreed are mutants of what was agreed with customers and colleagues: schedules, orders
// in the store, approvals and late fees.
var agreed = []mutant{
	{
		letter: "k", says: "a period is billed though it began in a pause",
		edits: []edit{{"billing_plan.go", "	for _, pause := range s.Pauses {\n", "	return PeriodBilled\n", ""}},
	},
	{
		letter: "l", says: "a period's invoice is made in a transaction of its own, before the period is recorded",
		edits: []edit{
			{"postgres/invoices.go", "\n		on conflict (tenant, organisation_id, seller_name, customer_id, number) do nothing`", ",", "`"},
			{"activities/billing.go", "	inserted, _, err := InsertDraft(ctx, tx, draft,", "	if err == nil && !inserted {\n", `	draft.ID = uuid.New()
	made.ID = draft.ID
	var inserted bool
	err = b.payments.DB.InTenant(ctx, tx.Tenant, func(tx *postgres.Tx) error {
		inserted, _, err = InsertDraft(ctx, tx, draft, remit.System, b.payments.Now())
		return err
	})
`},
		},
		sql: []string{"drop index invoices_natural_key"},
	},
	{
		letter: "m", says: "an approval is not used up, and nobody asks for it before the confirm",
		edits: []edit{
			{"activities/approvals.go", "	approval.State, approval.EndedAt = remit.ApprovalUsed, &now\n", "	entry := approvalEntry(\"approval_used\"", ""},
			{"activities/approvals.go", "	approval, err := tx.ApprovalOfAttempt(ctx, a.ID)\n", "// lapseApprovals ends", "	return nil\n}\n\n"},
		},
	},
	{
		letter: "n", says: "nobody looks whether there is as much as is ordered",
		edits: []edit{{"order.go", "		if left := p.Left(); left != nil", "		amount := p.Price", ""}},
		sql:   []string{"alter table products drop constraint products_not_oversold"},
	},
	{
		letter: "o", says: "an order's stock is taken in a transaction of its own, before the order's",
		edits: []edit{
			{"commands/store_orders.go", "	placed := PlacedOrder{}\n", "	err = c.DB.InTenant(", `	placed := PlacedOrder{}
	if err := c.DB.InTenant(ctx, store.Tenant, func(tx *postgres.Tx) error { return tx.TakeStock(ctx, cart) }); err != nil {
		return PlacedOrder{}, err
	}
`},
			{"commands/store_orders.go", "	if err := tx.TakeStock(ctx, cart); err != nil {\n", "	c.boundary(\"stock taken\")", ""},
		},
	},
	{
		letter: "p", says: "an order is sent without a look at its money",
		edits: []edit{{"commands/orders.go", "		if err := order.State.MayFulfil(); err != nil {\n", "		if err := tx.FulfilOrder(", ""}},
	},
	{
		letter: "q", says: "late fees know no cap",
		edits: []edit{{"late_fee.go", "	fee = max(min(fee, s.cap(i.Total-standing)-standing), 0)\n", "	return fee - fee%", ""}},
	},
	{
		letter: "r", says: "each part of an invoice is held to the limit alone",
		edits: []edit{{"postgres/approvals.go", "	return sum, nil\n", "}\n\nfunc oneApproval(", "	return 0, nil\n"}},
	},
}
