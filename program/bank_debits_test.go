package program_test

import (
	"strings"
	"testing"
	"time"

	"remit/program"
)

const workingDay = 24 * time.Hour

// bankAccount adds and verifies a bank account of a customer's, by one of Stripe's
// test numbers, and gives its payment method.
func (w *world) bankAccount(customer, number string) (method string) {
	w.t.Helper()
	admin := w.signIn("admin")
	w.deposits("amounts")
	method = admin.post("/v1/customers/"+customer+"/bank-accounts", bankAccountBody(number)).want(201).text("id")
	admin.post("/v1/bank-accounts/"+method+"/verification", map[string]any{"amounts": []int{32, 45}}).want(200)
	return method
}

// debited is an invoice that is being paid by bank.
type debited struct {
	invoice, item, customer, method, payment string
}

// debit has the payer pay an invoice of a hundred dollars by bank, and holds that it
// is processing: neither paid nor owed any more, and nothing else may start.
func (w *world) debit(number string) debited {
	w.t.Helper()
	d := debited{customer: w.bare()}
	d.method = w.bankAccount(d.customer, number)
	d.invoice, d.item = w.invoice(w.branchA, d.customer, 10000)
	payer := w.signIn("payer.a")
	body := map[string]any{"amount": 10000, "payment_method": d.method}
	answer := payer.post("/v1/work-items/"+d.item+"/pay", body).want(202)
	d.payment = answer.text("payment", "id")
	if answer.text("payment", "state") != "processing" || answer.text("invoice", "status") != "processing" {
		w.t.Fatalf("right after the debit: %s", answer.raw)
	}
	if item := payer.get("/v1/work-items/" + d.item).want(200); item.text("state") != "paying" {
		w.t.Fatalf("the work item: %s", item.raw)
	}
	payer.keyed("/v1/work-items/"+d.item+"/pay", "again", body).want(409)
	return d
}

// Each of Stripe's test accounts does through the whole program what its table says
// (facts of ACH debits: "Test account numbers"), and the payer reads it in words
// that hold no code. All are debited before the clock moves, so that one walk of
// eight days settles them.
func TestStripesTestAccounts(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	rows := map[string]struct {
		number string
		ends   string // the invoice's status
		words  string // that the payer reads
		method string // the account's status afterwards
	}{
		"success":                  {"000123456789", "paid", "", "usable"},
		"account closed":           {"000111111113", "open", "The account is closed", "locked"},
		"no account":               {"000111111116", "open", "There is no such account", "locked"},
		"insufficient funds":       {"000222222227", "open", "Not enough money in the account", "usable"},
		"debit not authorised":     {"000333333335", "open", "The debit was not authorised", "locked"},
		"invalid currency":         {"000444444440", "open", "", "locked"},
		"weekly limit exceeded":    {"000777777771", "open", "", "usable"},
		"deactivated token number": {"000888888885", "open", "", "locked"},
		"stays processing":         {"000000000009", "processing", "", "usable"},
		"triggers a dispute":       {"000555555559", "", "", ""}, // below
	}
	debits := map[string]debited{}
	for name, row := range rows {
		debits[name] = w.debit(row.number)
	}
	blocked := w.bare()
	radar := w.bankAccount(blocked, "000000004954")
	invoice, item := w.invoice(w.branchA, blocked, 10000)
	refused := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 10000, "payment_method": radar}).want(402)
	if strings.Contains(string(refused.raw), "fraud") || w.status(invoice, "open").text("status") != "open" {
		t.Errorf("blocked by Radar: %s", refused.raw)
	}
	w.later(8 * workingDay)
	for name, row := range rows {
		if row.ends == "" {
			continue
		}
		d := debits[name]
		w.status(d.invoice, row.ends)
		payments := admin.get("/v1/invoices/" + d.invoice + "/payments").want(200)
		said, _ := payments.at("data", 0, "decline", "message").(string)
		if row.ends != "open" && said != "" || row.ends == "open" && (said == "" || !strings.Contains(said, row.words)) {
			t.Errorf("%s: the payer reads %q, want %q in it: %s", name, said, row.words, payments.raw)
		}
		method := admin.get("/v1/bank-accounts/" + d.method).want(200)
		if method.text("status") != row.method || row.method == "locked" && method.text("reason") == "" {
			t.Errorf("%s: the account is %s: %s", name, method.text("status"), method.raw)
		}
		if cents, charges := w.captured(d.invoice); row.ends == "paid" && (cents != 10000 || charges != 1) || row.ends != "paid" && cents != 0 {
			t.Errorf("%s: captured %d in %d charges", name, cents, charges)
		}
		if row.method == "locked" { // never again with this account
			admin.post("/v1/invoices/"+d.invoice+"/pay", map[string]any{"amount": 10000, "payment_method": d.method}).want(422)
		}
	}
	w.later(20 * workingDay)
	w.wantReturned(debits["triggers a dispute"])
	stuck := debits["stays processing"]
	if got := w.status(stuck.invoice, "processing"); got.at("overdue") != false {
		t.Errorf("money on its way is overdue: %s", got.raw)
	}
	payer.post("/v1/payments/"+stuck.payment+"/cancel", nil).want(200)
	w.status(stuck.invoice, "open")
}

// Each way in which a verification fails ends in words its holder understands
// (U8), by amounts, by code and by the account.
func TestVerificationsThatFail(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	w.deposits("amounts")
	w.refusedEntry(map[string]any{"amounts": []int{10, 11}}, "locked", "No tries left. Contact your bank or add it again.")
	w.refusedEntry(map[string]any{"amounts": []int{40, 41}}, "expired", "10 days have passed. Add it again.")
	w.deposits("descriptor_code")
	w.refusedEntry(map[string]any{"descriptor_code": "SM33CC"}, "locked", "No tries left. Contact your bank or add it again.")
	w.refusedEntry(map[string]any{"descriptor_code": "SM44DD"}, "expired", "10 days have passed. Add it again.")
	bounces := w.added("000666666661")
	w.later(5 * workingDay)
	w.wantEnded(bounces, "failed", "The deposits failed. Contact your bank.")
}

// added is a bank account that waits for its deposits.
func (w *world) added(number string) string {
	w.t.Helper()
	return w.signIn("admin").post("/v1/customers/"+w.bare()+"/bank-accounts", bankAccountBody(number)).want(201).text("id")
}

// refusedEntry enters deposits that end the verification, and holds how.
func (w *world) refusedEntry(entry map[string]any, status, reason string) {
	w.t.Helper()
	id := w.added("000123456789")
	if refused := w.signIn("admin").post("/v1/bank-accounts/"+id+"/verification", entry).want(409); refused.text("detail") != reason {
		w.t.Errorf("whoever entered it reads %s", refused.raw)
	}
	w.wantEnded(id, status, reason)
}

func (w *world) wantEnded(id, status, reason string) {
	w.t.Helper()
	var got *answer
	w.until("it is "+status, func() bool {
		got = w.signIn("admin").get("/v1/bank-accounts/" + id).want(200)
		return got.text("status") == status
	})
	if got.text("reason") != reason {
		w.t.Errorf("its holder reads %q, want %q", got.text("reason"), reason)
	}
}

// wantReturned holds that a debit came back after it was paid: the whole is owed
// again, on hold, by a dispute that is final, and its account is not used again.
func (w *world) wantReturned(d debited) {
	w.t.Helper()
	admin := w.signIn("admin")
	got := w.status(d.invoice, "open")
	if got.number("outstanding") != 10000 || got.at("hold") == nil {
		w.t.Errorf("after the return: %s", got.raw)
	}
	dispute := w.disputeOf(d.invoice)
	if dispute.text("state") != "lost" || dispute.at("final") != true {
		w.t.Errorf("the dispute: %v", dispute.body)
	}
	w.until("the account is locked", func() bool { return admin.get("/v1/bank-accounts/"+d.method).want(200).text("status") == "locked" })
	payments := admin.get("/v1/invoices/" + d.invoice + "/payments").want(200)
	if payments.at("data", 0, "returned") != true {
		w.t.Errorf("the payment: %s", payments.raw)
	}
}

// Four working days of settlement go by on the organisation's clock, with the
// worker killed right after the bank's answer is recorded: the money is booked once,
// and nobody was told that it was paid before (M7).
func TestM7SettlementOutlivesItsWorker(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.Work = false })
	stop := w.anotherWorker()
	d := w.debit("000123456789")
	w.later(workingDay)
	w.status(d.invoice, "processing")
	stop()
	w.dies("recorded")
	defer w.anotherWorker()()
	w.later(7 * workingDay)
	w.status(d.invoice, "paid")
	if cents, charges := w.captured(d.invoice); cents != 10000 || charges != 1 {
		t.Errorf("captured %d in %d charges", cents, charges)
	}
	timeline := string(w.signIn("admin").get("/v1/invoices/" + d.invoice + "/timeline").want(200).raw)
	if strings.Count(timeline, `"kind":"paid"`) != 1 || !strings.Contains(timeline, `"kind":"processing"`) {
		t.Errorf("the timeline: %s", timeline)
	}
}

// Ten days of verification go by, with the worker killed right after it has told the
// customer something: he is told all of it, each once, and the account has expired.
func TestM13VerificationOutlivesItsWorker(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.Work = false })
	w.deposits("amounts")
	id := w.added("000123456789")
	w.dies("bank account recorded")
	defer w.anotherWorker()()
	w.later(11 * workingDay)
	w.wantEnded(id, "expired", "10 days have passed. Add it again.")
	if told := w.sql("select stage from mails where bank_account_id = $1", id); len(told) != 5 {
		t.Errorf("the customer was told %q", told)
	}
}

// dies moves the clock for a week while the only worker is killed at a boundary.
func (w *world) dies(boundary string) {
	w.t.Helper()
	admin := w.signIn("admin")
	gone := w.dyingWorker(boundary)
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		admin.post("/v1/clock/advance", map[string]any{"organisation": w.top, "days": 7}) // comes as far as the worker lives
	}()
	gone()
	<-moved
}
