package activities_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit/postgres"
)

// Protects whoever restores a backup from believing a row that does not add up: what was
// written past the application into stock, a schedule's periods or approvals is named, and
// nothing is where nothing was.
func TestVerifyAddsUpStockPeriodsAndApprovals(t *testing.T) {
	t.Parallel()
	s := openFourEyes(t)
	ctx := t.Context()
	ref, other := s.invoice(20_000), s.invoice(20_000)
	approval := s.approves(ref, s.asks(ref, 9000))
	for _, request := range []func(){
		func() { _, err := s.payments.Perform(ctx, ref, s.paysWith(ref, 9000, approval)); must(t, err) },
		func() { _, err := s.payments.Perform(ctx, ref, s.paysWith(ref, 5000, nil)); must(t, err) },
	} {
		request()
	}
	schedule := s.bills(nil)
	s.daysPass(2)
	s.bill()
	owner, err := pgx.Connect(ctx, s.url)
	must(t, err)
	defer func() { _ = owner.Close(ctx) }()
	product, day := uuid.New(), schedule.Versions[0].From.AddDays(1)
	words := strings.NewReplacer("{tenant}", "'"+s.tenant.String()+"'", "{product}", "'"+product.String()+"'", "{order}", "'"+other.Invoice.String()+"'",
		"{approval}", "'"+approval.String()+"'", "{invoice}", "'"+ref.Invoice.String()+"'", "{schedule}", "'"+schedule.ID.String()+"'", "{branch}", "'"+s.branch.ID.String()+"'",
		"{period}", "schedule_id = '"+schedule.ID.String()+"' and from_date = '"+day.String()+"'", "{billed}", "(select id from invoices where number = '"+schedule.Number+"-"+day.String()+"')")
	does := func(statement string) {
		t.Helper()
		_, err := owner.Exec(ctx, words.Replace(statement))
		must(t, err)
	}
	verify := func() string {
		t.Helper()
		var all []string
		must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
			stock, err := tx.VerifyStock(ctx)
			must(t, err)
			approvals, err := tx.VerifyApprovals(ctx)
			must(t, err)
			billing, err := tx.VerifyBilling(ctx, schedule.ID)
			all = append(append(append(all, stock...), approvals...), billing...)
			return err
		}))
		return strings.Join(all, "\n")
	}
	does("set session_replication_role = replica") // no trigger and no foreign key stands in the way
	does("insert into products (tenant, id, organisation_id, name, price, currency, sold) values ({tenant}, {product}, {branch}, 'Tea', 100, 'USD', 2)")
	does("insert into orders (tenant, id, store_id, created_at) values ({tenant}, {order}, {product}, now())")
	does("insert into order_items (tenant, order_id, product_id, quantity) values ({tenant}, {order}, {product}, 2)")
	if wrong := verify(); wrong != "" {
		t.Fatalf("before anything was planted it says %s", wrong)
	}
	for _, plant := range []struct{ statement, undo, says string }{
		{"update products set sold = 3", "update products set sold = 2", "3 are counted as sold, and its orders hold 2"},
		{"update order_items set quantity = 1", "update order_items set quantity = 2", "2 are counted as sold, and its orders hold 1"},
		{"update orders set holds_stock = false", "update orders set holds_stock = true", "it holds no stock and is not cancelled"},
		{"update invoices set voided_at = now() where id = {order}", "update invoices set voided_at = null where id = {order}", "it holds stock and is cancelled"},
		{"update approvals set amount = 8999", "update approvals set amount = 9000", "8999 with a fee of 0 was approved"},
		{"update approvals set surcharge = 1", "update approvals set surcharge = 0", "9000 with a fee of 1 was approved"},
		{"update approvals set invoice_id = {order}", "update approvals set invoice_id = {invoice}", "is of another invoice"},
		{"update attempts set payment_method_id = null where amount = 9000", "update attempts set payment_method_id = (select method from approvals) where amount = 9000", "is with another method than was approved"},
		{"drop index approvals_attempt; insert into approvals select (jsonb_populate_record(a, jsonb_build_object('id', {product}::text))).* from approvals a", "delete from approvals where id = {product}", "was begun with another one too"},
		{"alter table approvals drop constraint approvals_used_once; update approvals set state = 'lapsed'", "update approvals set state = 'used'", "it is lapsed, and attempt"},
		{"alter table approvals drop constraint approvals_four_eyes; update approvals set in_place_of = asked_by", "update approvals set in_place_of = null", "whoever asked for it gave it"},
		{"update invoices set settings = jsonb_set(settings, '{approvals,above}', '4999') where id = {invoice}", "update invoices set settings = jsonb_set(settings, '{approvals,above}', '5000') where id = {invoice}", "it is of 5000, above the 4999 that need an approval, and has none"},
		{"update billing_periods set until_date = until_date + 1 where {period}", "update billing_periods set until_date = until_date - 1 where {period}", "stored are"},
		{"update billing_periods set version = 2 where {period}", "update billing_periods set version = 1 where {period}", "by version 1, stored are"},
		{"update billing_periods set invoice_id = {order} where {period}", "update billing_periods set invoice_id = {billed} where {period}", "which is not its own"},
		{"update billing_periods set state = 'skipped', invoice_id = null where {period}", "update billing_periods set state = 'billed', invoice_id = {billed} where {period}", "and of none of its periods"},
		{"update billing_periods set from_date = from_date + 100, until_date = until_date + 100 where {period}", "update billing_periods set from_date = from_date - 100, until_date = until_date - 100 where schedule_id = {schedule} and from_date > '" + day.AddDays(50).String() + "'", "is through and not there"},
		{"update timeline set data = data || '{\"total\": 999}' where invoice_id = {billed} and kind = 'created'", "update timeline set data = data || '{\"total\": 1000}' where invoice_id = {billed} and kind = 'created'", "comes to 1000, and was billed as 999"},
		{"update invoices set currency = 'EUR' where id = {billed}", "update invoices set currency = 'USD' where id = {billed}", "in another currency"},
	} {
		does(plant.statement)
		if wrong := verify(); !strings.Contains(wrong, plant.says) {
			t.Errorf("after %s it says %q", plant.statement, wrong)
		}
		does(plant.undo)
		if wrong := verify(); wrong != "" {
			t.Fatalf("after %s it says %s", plant.undo, wrong)
		}
	}
}
