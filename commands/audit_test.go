package commands

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// T41: whoever edits the audit trail behind the application's back, a superuser
// even, is found out, and the entry is named.
func TestT41AnEditedAuditTrailIsNoticed(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	tenant := owner.Tenants[0].Tenant
	h.join(owner, "carl@example.com", "Clerks at /dev")
	whole, err := h.VerifyAudit(ctx, tenant)
	if err != nil || whole < 6 {
		t.Fatalf("%d entries, %v", whole, err)
	}
	edits := map[string]string{
		"change 'Clerks' to 'Owner'": `update audit set change = replace(change::text, 'Clerks', 'Owner')::json where change::text like '%Clerks%'`,
		"another actor":              "update audit set actor_name = 'somebody' where seq = 2",
		"another time":               "update audit set at = at + interval '1 microsecond' where seq = 3",
		"one removed":                "delete from audit where seq = 3",
		"the last removed":           "delete from audit where seq = (select max(seq) from audit)",
		"the head put back":          "update audit_heads set seq = seq - 1",
		"one added":                  "insert into audit (tenant, seq, at, actor_kind, action, outcome, change, hash) select tenant, seq + 1, at, 'user', 'x', 'done', '{}', hash from audit order by seq desc limit 1; update audit_heads set seq = seq + 1",
	}
	for what, statement := range edits {
		h.exec("begin; set local session_replication_role = replica; " + "create temp table kept as table audit; create temp table head as table audit_heads")
		h.exec("commit")
		h.exec("begin; set local session_replication_role = replica; " + statement + "; commit")
		if _, err := h.VerifyAudit(ctx, tenant); !errors.Is(err, postgres.ErrAuditBroken) || !strings.Contains(err.Error(), "entry") {
			t.Errorf("%s: %v", what, err)
		}
		h.exec(`begin; set local session_replication_role = replica; delete from audit; insert into audit table kept;
			delete from audit_heads; insert into audit_heads table head; drop table kept; drop table head; commit`)
		if n, err := h.VerifyAudit(ctx, tenant); err != nil || n != whole {
			t.Fatalf("put back: %d, %v", n, err)
		}
	}
}

// Entries written at the same moment form one chain without gaps.
func TestTheAuditTrailIsOneChainUnderConcurrency(t *testing.T) {
	h, owner := openHouse(t)
	tenant := owner.Tenants[0].Tenant
	before, err := h.VerifyAudit(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if err := h.auditAlone(t.Context(), tenant, owner.entry("test", "", "")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if after, err := h.VerifyAudit(t.Context(), tenant); err != nil || after != before+80 {
		t.Errorf("%d entries after %d, %v", after, before, err)
	}
}

// PE6: the trail tells who did what with before and after, and refusals too,
// newest first, to whoever has admin=audit, where he has it.
func TestTheAuditTrailTellsWhoDidWhat(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	clerk := h.join(owner, "carl@example.com", "Clerks at /dev/Branch A")
	_, err := h.CreateGrant(ctx, clerk, Given(GrantInput{User: clerk.Email, Role: policies.RoleOwner, Path: "/dev/Branch A"}))
	wants(t, "a clerk's grant", err, remit.KindForbidden)
	_, err = h.Audit(ctx, clerk, AuditFilter{}, Page{})
	wants(t, "a clerk's look", err, remit.KindForbidden)
	h.custom(owner, "Auditor", remit.AdminAudit)
	list, err := h.Audit(ctx, owner, AuditFilter{}, Page{})
	if err != nil {
		t.Fatal(err)
	}
	put, denied := list.Items[0], list.Items[1]
	if put.Action != "role.put" || put.Actor.Name != "olga" || put.Outcome != remit.AuditDone || put.Matched == "" || put.Address == "" ||
		string(put.Change) != `{"after":{"permissions":["admin=audit"]}}` {
		t.Errorf("the role: %+v %s", put, put.Change)
	}
	if denied.Outcome != remit.AuditDenied || denied.Actor.ID != clerk.Account.String() || denied.Scope != "admin=audit" {
		t.Errorf("the refusal: %+v", denied)
	}
	h.custom(owner, "Granter", remit.AdminRoles)
	granter := h.join(owner, "greg@example.com", "Granter at /dev/Branch A")
	_, err = h.CreateGrant(ctx, granter, Given(GrantInput{User: clerk.Email, Role: policies.RoleOwner, Path: "/dev/Branch A"}))
	wants(t, "more than he holds", err, remit.KindForbidden)
	list, err = h.Audit(ctx, owner, AuditFilter{Actor: granter.Account.String(), Action: "grant.create"}, Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Outcome != remit.AuditDenied || !strings.Contains(string(list.Items[0].Change), "Owner") {
		t.Errorf("what he tried: %+v, %v", list.Items, err)
	}
	auditor := h.join(owner, "aud@example.com", "Auditor at /dev/Branch A")
	list, err = h.Audit(ctx, auditor, AuditFilter{}, Page{})
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("%d entries, %v", len(list.Items), err)
	}
	for _, e := range list.Items {
		if e.Path != "/dev/Branch A" && !strings.HasPrefix(e.Path, "/dev/Branch A/") {
			t.Errorf("a branch's auditor sees what was done at %q", e.Path)
		}
	}
	var seqs []int64
	for page := (Page{Limit: 3}); ; {
		list, err := h.Audit(ctx, owner, AuditFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list.Items {
			seqs = append(seqs, e.Seq)
		}
		if page.After = list.Next; list.Next == "" {
			break
		}
	}
	for i, seq := range seqs {
		if seq != int64(len(seqs)-i) {
			t.Fatalf("pages give %v", seqs)
		}
	}
}
