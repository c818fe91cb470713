package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// A page of movements and a page of bookings are read by index, row by row,
// under row level security: in a ledger of ten thousand charges no rows are
// fetched but the page's own.
func TestReconcilingReadsTheRowsOfAPage(t *testing.T) {
	const history, page = 10000, 50
	b := openBooks(t)
	db, err := postgres.Open(t.Context(), b.super.Config().ConnString(), postgres.Options{MaxConns: 1})
	must(t, err)
	t.Cleanup(db.Close)
	mustExec(t, b.super, "set session_replication_role = replica") // without the triggers that keep balances
	for _, rows := range []string{
		`payments (tenant, id, invoice_id, customer_id, source, account, livemode, currency, payment_intent, charge, amount, amount_captured, state)
			select {tenant}, payment, {invoice}, {customer}, 'stripe', 'acct_1', false, 'USD', 'pi_h' || n, 'ch_h' || n, 1000, 1000, 'succeeded'`,
		`ledger_entries (tenant, id, key, kind, invoice_id, payment_id, at)
			select {tenant}, entry, 'payment/' || payment, 'payment', {invoice}, payment, timestamptz '2040-01-01' + n * interval '1 s'`,
		`ledger_lines (tenant, entry_id, n, account, payment_id, amount, currency) select {tenant}, entry, 1, 'stripe', payment, 1000, 'USD'`,
	} {
		mustExec(t, b.super, b.words.Replace("insert into "+rows+fmt.Sprintf(
			" from (select n, md5('p' || n)::uuid as payment, md5('e' || n)::uuid as entry from generate_series(1, %d) n) made", history)))
	}
	mustExec(t, b.super, "analyze")
	var tenant uuid.UUID
	must(t, b.super.QueryRow(t.Context(), b.words.Replace("select {tenant}::uuid")).Scan(&tenant))
	objects := make([]postgres.StripeObject, page)
	for n := range objects {
		objects[n] = postgres.StripeObject{Kind: remit.MovedCharge, ID: fmt.Sprint("ch_h", history-n), Intent: fmt.Sprint("pi_h", history-n)}
	}
	since := time.Date(2040, 1, 1, 0, 0, history-page, 0, time.UTC)
	for range 8 { // from the sixth time on the plan is for any parameters
		must(t, db.InTenant(t.Context(), tenant, func(tx *postgres.Tx) error {
			fetched := func() (rows int) {
				must(t, tx.QueryRow(t.Context(), "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables").Scan(&rows))
				return rows
			}
			before := fetched()
			found, err := tx.Bookings(t.Context(), "acct_1", objects)
			must(t, err)
			for _, f := range found {
				if f.Entry == uuid.Nil || f.Amount != 1000 || f.Currency != "USD" {
					t.Fatalf("%+v", f)
				}
			}
			booked, err := tx.BookedSince(t.Context(), "acct_1", false, since, uuid.Max, 100)
			if err != nil || len(booked) != page {
				t.Fatalf("%d booked, %v", len(booked), err)
			}
			// An entry, its payment and its line, twice.
			if rows := fetched() - before; rows > 6*page {
				t.Errorf("fetched %d rows for two pages of %d", rows, page)
			}
			return nil
		}))
	}
}
