package postgres

import "context"

// VerifyApprovals holds approvals to the attempts that were begun with them: each is used
// by one at most, on its invoice, of exactly what was approved, and by nobody who gave it
// himself; and no attempt by staff above the sum of its invoice, with what went through
// before it without one, is without one (Z9). It
// returns what does not fit, in words, or nothing.
func (tx *Tx) VerifyApprovals(ctx context.Context) (wrong []string, err error) {
	for _, rule := range []struct{ object, query string }{
		{"approval", `select p.id, format('its attempt %s is of another invoice', a.id) from approvals p join attempts a on a.tenant = p.tenant and a.id = p.attempt_id
			where p.tenant = $1 and a.invoice_id <> p.invoice_id order by p.id`},
		{"approval", `select p.id, format('%s with a fee of %s was approved, and its attempt %s is of %s with %s', p.amount, p.surcharge, a.id, a.amount, a.surcharge)
			from approvals p join attempts a on a.tenant = p.tenant and a.id = p.attempt_id
			where p.tenant = $1 and (a.amount <> p.amount or a.surcharge > p.surcharge or not p.at_most and a.surcharge <> p.surcharge) order by p.id`},
		{"approval", `select p.id, format('its attempt %s is with another method than was approved', a.id) from approvals p join attempts a on a.tenant = p.tenant and a.id = p.attempt_id
			where p.tenant = $1 and p.method is not null and a.payment_method_id is distinct from p.method order by p.id`},
		{"approval", `select p.id, format('its attempt %s was begun with another one too', p.attempt_id) from approvals p
			where p.tenant = $1 and exists (select 1 from approvals o where o.tenant = p.tenant and o.attempt_id = p.attempt_id and o.id <> p.id) order by p.id`},
		{"approval", `select p.id, case when p.attempt_id is null then 'it is used, and no attempt was begun with it' else format('it is %s, and attempt %s was begun with it', p.state, p.attempt_id) end
			from approvals p where p.tenant = $1 and (p.state = 'used') <> (p.attempt_id is not null) order by p.id`},
		{"approval", `select p.id, 'whoever asked for it gave it' from approvals p
			where p.tenant = $1 and p.state in ('approved', 'used') and (p.asked_by = p.answered_by or p.asked_by = p.in_place_of or p.answered_by is null) order by p.id`},
		{"attempt", `with alone as (select a.id, a.invoice_id, a.tenant, a.number, a.amount, a.surcharge, a.state, a.since, a.created_at from attempts a join invoice_requests q on q.tenant = a.tenant and q.id = a.request_id where a.tenant = $1 and ` + paidAlone + `)
			select a.id, format('with the %s before it, it is of %s, above the %s that need an approval, and has none', before.sum, a.amount + a.surcharge, i.settings -> 'approvals' ->> 'above')
			from alone a join invoices i on i.tenant = a.tenant and i.id = a.invoice_id, lateral (select coalesce(sum(b.amount + b.surcharge), 0)::bigint as sum
				from alone b where b.invoice_id = a.invoice_id and b.number < a.number and b.state in ('processing', 'succeeded') and b.since < a.created_at) before
			where i.settings -> 'approvals' ->> 'above' is not null
				and (i.currency <> i.settings -> 'approvals' ->> 'currency' or before.sum + a.amount + a.surcharge > (i.settings -> 'approvals' ->> 'above')::bigint) order by a.id`},
	} {
		found, err := tx.amiss(ctx, rule.object, rule.query)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, found...)
	}
	return wrong, nil
}
