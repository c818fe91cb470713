package program_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"remit/commands"
)

// Nobody gives what he does not hold, by a role, a grant, an invitation, a token
// or an assignee line (T35).
func TestT35NobodyGivesWhatHeDoesNotHold(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	admin.put("/v1/roles/Branch%20Admin", map[string]any{"permissions": []string{"admin=roles", "admin=users", "invoice=read", "workflow=edit"}}).want(200, 201)
	branch := w.person("branch", commands.GrantInput{Role: "Branch Admin", Path: w.branchA})
	victim := w.signIn("payer.b").get("/v1/me").want(200).text("id")
	me := branch.get("/v1/me").want(200).text("id")
	before := w.tables("sessions", "audit", "audit_heads")
	for name, ask := range map[string]func() *answer{
		"a role of everything": func() *answer {
			return branch.put("/v1/roles/Everything", map[string]any{"permissions": []string{"*=*"}})
		},
		"himself the owner at his branch": func() *answer {
			return branch.post("/v1/grants", map[string]any{"user": me, "role": "Owner", "path": w.branchA})
		},
		"himself his role at the root": func() *answer {
			return branch.post("/v1/grants", map[string]any{"user": me, "role": "Branch Admin", "path": w.top})
		},
		"somebody a viewer at another branch": func() *answer {
			return branch.post("/v1/grants", map[string]any{"user": victim, "role": "Viewer", "path": w.branchB})
		},
		"somebody a payer, which he is not": func() *answer {
			return branch.post("/v1/grants", map[string]any{"user": victim, "role": "Invoice Payers", "path": w.branchA})
		},
		"an invited owner": func() *answer {
			return branch.post("/v1/users", map[string]any{
				"email": "new@x.test", "name": "New", "organisation": w.branchA, "grants": []any{map[string]any{"role": "Owner", "path": w.branchA}},
			})
		},
		"an invitation at the root": func() *answer {
			return branch.post("/v1/users", map[string]any{"email": "new@x.test", "name": "New", "organisation": w.top})
		},
		"a token of more": func() *answer {
			return branch.post("/v1/api-tokens", map[string]any{"name": "t", "scopes": []string{"stripe=pay"}})
		},
		"a token of everything": func() *answer {
			return branch.post("/v1/api-tokens", map[string]any{"name": "t", "scopes": []string{"*=*"}})
		},
		"an assignee line at the root": func() *answer {
			return branch.put("/v1/settings/work-item-step", map[string]any{"name": "x", "path": w.top, "type": "UNIT", "scope": "workflow=role('Branch Admin')"})
		},
		"an assignee line at another branch": func() *answer {
			return branch.put("/v1/settings/work-item-step?organisation="+strings.ReplaceAll(w.branchB, " ", "%20"), map[string]any{"name": "x", "type": "UNIT", "scope": "workflow=role('Branch Admin')"})
		},
	} {
		if got := ask(); got.status != 403 && got.status != 404 && (got.status != 422 || !strings.Contains(name, "line")) {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	w.unchanged("giving what one does not hold", before, w.tables("sessions", "audit", "audit_heads"))
	denied := w.sql("select count(*)::text from audit where outcome = 'denied' and actor_id = $1", me)
	if denied[0][0] == "0" {
		t.Error("no refusal is in the audit trail")
	}

	// A token never has more than its owner holds now, and makes no other.
	payer := w.person("leaver", commands.GrantInput{Role: "Invoice Payers", Path: w.branchA})
	token := w.token(payer)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	token.get("/v1/invoices/" + invoice).want(200)
	token.post("/v1/api-tokens", map[string]any{"name": "t2"}).want(403)
	narrow := w.token(payer, "invoice=read")
	narrow.get("/v1/invoices/" + invoice).want(200)
	narrow.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(403)
	admin.del("/v1/grants/" + payer.get("/v1/me").want(200).text("grants", 0, "id")).want(204)
	token.get("/v1/invoices/" + invoice).want(404)
	narrow.get("/v1/invoices/" + invoice).want(404)
	leaver := payer.get("/v1/me").want(200).text("id")
	admin.put("/v1/users/"+leaver, map[string]any{"disabled": true}).want(200)
	token.get("/v1/me").want(401)
}

// Of two administrators who take each other's rights at the same instant one is
// refused, and one is left (T36).
func TestT36TwoAdministratorsRemoveEachOther(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	first := admin.get("/v1/me").want(200)
	for n, how := range []string{"grants", "users"} {
		name := "second-" + uuid.NewString()[:6]
		second := w.person(name, commands.GrantInput{Role: "Administrator", Path: w.top})
		other := second.get("/v1/me").want(200)
		// The two are the only administrators, and each is asked to go by the other.
		ask := func(b *browser, who *answer) *answer {
			if how == "grants" {
				return b.del("/v1/grants/" + who.text("grants", 0, "id"))
			}
			return b.put("/v1/users/"+who.text("id"), map[string]any{"disabled": true})
		}
		var all sync.WaitGroup
		var a, b *answer
		all.Go(func() { a = ask(admin, other) })
		all.Go(func() { b = ask(second, first) })
		all.Wait()
		done := 0
		for _, got := range []*answer{a, b} {
			switch got.status {
			case 200, 204:
				done++
			case 409, 401, 403, 404: // refused, or gone by then
			default:
				t.Errorf("%s: %d %s", how, got.status, got.raw)
			}
		}
		if done != 1 {
			t.Fatalf("%s: %d of the two were removed: %s / %s", how, done, a.raw, b.raw)
		}
		if b.status < 300 {
			if n == 0 { // the first administrator is gone: bring him back for the next round
				second.post("/v1/grants", map[string]any{"user": first.text("id"), "role": "Owner", "path": w.top}).want(201)
				second.del("/v1/grants/"+other.text("grants", 0, "id")).want(403, 204)
				first = admin.get("/v1/me").want(200)
			}
		}
	}
	holders := w.sql(`select count(*)::text from grants g join members m on m.tenant = g.tenant and m.account_id = g.account_id
		where g.role in ('Owner', 'Administrator') and m.disabled_at is null`)
	if holders[0][0] == "0" {
		t.Error("no administrator is left")
	}
}

// Whoever writes into the audit trail as the database's superuser is found out,
// and the application itself cannot (T41).
func TestT41AnAlteredAuditTrailIsNamed(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	w.unfit = true // its trail is altered below
	w.customer(w.branchA, "")
	tenant := w.sql("select id::text from tenants where path = $1", w.top)[0][0]
	verify := func() (int64, error) { return w.program.Commands.VerifyAudit(t.Context(), uuid.MustParse(tenant)) }
	if n, err := verify(); err != nil || n < 5 {
		t.Fatalf("%d entries, %v", n, err)
	}
	for _, statement := range []string{"update audit set actor_name = 'x'", "delete from audit", "truncate audit", "update timeline set what = 'x'", "delete from timeline"} {
		if _, err := w.query("begin; set local role remit_app; select set_config('remit.tenant', '" + tenant + "', true); " + statement); err == nil {
			t.Errorf("the application may %s", statement)
		}
		if _, err := w.query(statement); err == nil && !strings.Contains(statement, "timeline") {
			t.Errorf("the superuser may %s without taking the trigger off", statement)
		}
	}
	alter := func(statement string) {
		t.Helper()
		if _, err := w.query("begin; set local session_replication_role = replica; " + statement + "; commit"); err != nil {
			t.Fatal(err)
		}
	}
	alter("update audit set actor_name = 'Somebody Else' where seq = 3 and tenant = '" + tenant + "'")
	if _, err := verify(); err == nil || !strings.Contains(err.Error(), "entry 3") {
		t.Errorf("an altered entry: %v", err)
	}
	alter("delete from audit where seq >= 3 and tenant = '" + tenant + "'")
	if _, err := verify(); err == nil {
		t.Error("a cut trail is taken for whole")
	}
}
