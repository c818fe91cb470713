package commands

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/secrets"
)

// An invitation works once and for a day; the person chooses the password and
// holds nothing before.
func TestInvitations(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	input := InviteInput{Email: "Ines@example.com", Name: "Ines", Grants: []GrantInput{{Role: policies.RoleInvoicePayers, Path: "/dev/Branch A"}}}
	first, err := h.InviteUser(ctx, owner, Given(input))
	if err != nil || first.User.Status != remit.UserInvited {
		t.Fatalf("%+v, %v", first.User, err)
	}
	again, err := h.InviteUser(ctx, owner, Given(input))
	if err != nil || again.User.ID != first.User.ID {
		t.Fatalf("invited anew: %+v, %v", again.User, err)
	}
	accept := func(i Invitation, password string) error {
		return h.AcceptInvitation(ctx, strings.TrimPrefix(i.Link, "/invitation/"), secrets.NewSecret(password), From{})
	}
	wants(t, "the link before the second one", accept(first, goodPassword), remit.KindNotFound)
	wants(t, "a short password", accept(again, "short"), remit.KindInvalid)
	view, err := h.Invitation(ctx, strings.TrimPrefix(again.Link, "/invitation/"))
	if err != nil || view.Organisation != "/dev" || view.Email != "Ines@example.com" || view.HasPassword {
		t.Errorf("%+v, %v", view, err)
	}
	if err := accept(again, goodPassword); err != nil {
		t.Fatal(err)
	}
	wants(t, "accepted twice", accept(again, goodPassword), remit.KindNotFound)
	ines := h.signIn("ines@EXAMPLE.com")
	if !h.may(ines, remit.StripePay, "/dev/Branch A") || h.may(ines, remit.StripePay, "/dev") {
		t.Error("she does not hold what she was invited to")
	}
	_, err = h.InviteUser(ctx, owner, Given(input))
	wants(t, "a member", err, remit.KindConflict)
	late, err := h.InviteUser(ctx, owner, Given(InviteInput{Email: "late@example.com", Name: "Late"}))
	if err != nil {
		t.Fatal(err)
	}
	h.clock.forward(24*time.Hour + time.Second)
	wants(t, "a day later", accept(late, goodPassword), remit.KindNotFound)
	for _, bad := range []string{"", "x", "Ines <i@example.com>", "a@b\r\nBcc: c@d", strings.Repeat("a", 250) + "@b.example"} {
		_, err := h.InviteUser(ctx, owner, Given(InviteInput{Email: bad, Name: "X"}))
		wants(t, bad, err, remit.KindInvalid)
	}
}

// Whoever invites an address first, and so could set its password, gains
// nothing when another tenant invites the same address.
func TestAnAccountMadeElsewhereGainsNothing(t *testing.T) {
	h, victim := openHouse(t)
	ctx := t.Context()
	thief := h.founder("/thief", "thief@example.com")
	bait, err := h.InviteUser(ctx, thief, Given(InviteInput{Email: "boss@example.com", Name: "Boss"}))
	if err != nil {
		t.Fatal(err)
	}
	h.accept(bait) // the thief, with the link he was shown
	boss := []GrantInput{{Role: policies.RoleOwner, Path: "/dev"}}
	invitation, err := h.InviteUser(ctx, victim, Given(InviteInput{Email: "boss@example.com", Name: "Boss", Grants: boss}))
	if err != nil {
		t.Fatal(err)
	}
	stolen := h.signIn("boss@example.com")
	if len(stolen.Tenants) != 1 || stolen.Tenants[0].Path != "/thief" {
		t.Fatalf("the account reaches %v", stolen.Tenants)
	}
	err = h.AcceptInvitation(ctx, strings.TrimPrefix(invitation.Link, "/invitation/"), secrets.NewSecret("another gray walnut 41"), From{})
	wants(t, "accepting without the account's password", err, remit.KindInvalid)
}

// A reset is asked for and answered alike for everybody, works once and for ten
// minutes, and ends all sessions.
func TestResettingAPassword(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	link := func() string {
		t.Helper()
		before := h.number("select count(*) from mails")
		if err := h.RequestReset(ctx, "OLGA@example.com", From{Address: "192.0.2.1"}); err != nil {
			t.Fatal(err)
		}
		within(t, "the mail", func() bool { return h.number("select count(*) from mails") > before })
		mails, err := h.Mails(ctx, owner, "/dev", Page{Limit: 1})
		if err != nil || mails.Items[0].To != "olga@example.com" {
			t.Fatalf("%+v, %v", mails, err)
		}
		_, rest, _ := strings.Cut(mails.Items[0].Body, "https://remit.example/reset/")
		token, _, _ := strings.Cut(rest, "\n")
		return token
	}
	if err := h.RequestReset(ctx, "nobody@example.com", From{Address: "192.0.2.1"}); err != nil {
		t.Errorf("for nobody: %v", err)
	}
	first, token := link(), link()
	set := func(token string) error {
		return h.ResetPassword(ctx, token, secrets.NewSecret("another gray walnut 41"), From{})
	}
	wants(t, "the link before the second one", set(first), remit.KindNotFound)
	if err := set(token); err != nil {
		t.Fatal(err)
	}
	wants(t, "twice", set(token), remit.KindNotFound)
	if h.number("select count(*) from sessions") != 0 {
		t.Error("sessions outlived the reset")
	}
	if _, err := h.try("olga@example.com", goodPassword, "192.0.2.1", ""); err == nil {
		t.Error("the old password still works")
	}
	late := link()
	h.clock.forward(10*time.Minute + time.Second)
	wants(t, "ten minutes later", set(late), remit.KindNotFound)
	if h.number("select count(*) from mails where encode(body, 'escape') like '%reset%'") != 0 {
		t.Error("links stand in the database in clear")
	}
}

// Branch administrators see and disable whom their branch is all there is to.
func TestPeopleOfABranch(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	h.custom(owner, "Branch Admin", remit.AdminRoles, remit.AdminUsers)
	bea := h.join(owner, "bea@example.com", "Branch Admin at /dev/Branch A")
	near := h.join(owner, "near@example.com", "Viewer at /dev/Branch A/North")
	both := h.join(owner, "both@example.com", "Viewer at /dev/Branch A", "Viewer at /dev/Branch AB")
	far := h.join(owner, "far@example.com", "Viewer at /dev/Branch AB")
	list, err := h.Users(ctx, bea, "", Page{})
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, user := range list.Items {
		seen = append(seen, user.Name)
	}
	if !slices.Equal(seen, []string{"bea", "both", "near"}) {
		t.Errorf("she sees %v", seen)
	}
	disable := func(who Caller) error {
		_, err := h.SetUserDisabled(ctx, bea, "", who.Account, Given(true))
		return err
	}
	wants(t, "who is elsewhere", disable(far), remit.KindNotFound)
	wants(t, "who is elsewhere too", disable(both), remit.KindForbidden)
	if err := disable(near); err != nil {
		t.Error(err)
	}
	_, err = h.Users(ctx, far, "", Page{})
	wants(t, "a viewer's look at people", err, remit.KindForbidden)
	other := h.founder("/other", "zoe@example.com")
	_, err = h.SetUserDisabled(ctx, other, "", bea.Account, Given(true))
	wants(t, "another tenant's person", err, remit.KindNotFound)
	_, err = h.Users(ctx, other, "/dev", Page{})
	wants(t, "another tenant's people", err, remit.KindNotFound)
}

// A customer's user has no permission at any path, whatever is tried.
func TestCustomersUsers(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	customer := uuid.New()
	h.exec(`insert into customers (tenant, id, organisation_id, name, currency)
		select tenant, $1, id, 'Acme', 'USD' from organisations where path = '/dev/Branch A'`, customer)
	_, err := h.InviteUser(ctx, owner, Given(InviteInput{
		Email: "ann@acme.example", Name: "Ann", CustomerID: &customer, Grants: []GrantInput{{Role: policies.RoleViewer, Path: "/dev"}},
	}))
	wants(t, "with another role", err, remit.KindInvalid)
	unknown := uuid.New()
	_, err = h.InviteUser(ctx, owner, Given(InviteInput{Email: "ann@acme.example", Name: "Ann", CustomerID: &unknown}))
	wants(t, "of no customer", err, remit.KindNotFound)
	invitation, err := h.InviteUser(ctx, owner, Given(InviteInput{Email: "ann@acme.example", Name: "Ann", CustomerID: &customer}))
	if err != nil {
		t.Fatal(err)
	}
	h.accept(invitation)
	ann := h.signIn("ann@acme.example")
	if ann.Tenants[0].Customer == nil || *ann.Tenants[0].Customer != customer {
		t.Fatalf("%+v", ann.Tenants)
	}
	_, err = h.CreateGrant(ctx, owner, Given(GrantInput{User: "ann@acme.example", Role: policies.RoleOwner, Path: "/dev"}))
	wants(t, "a role granted later", err, remit.KindInvalid)
	h.exec(`insert into grants (tenant, id, account_id, role, organisation_id) select tenant, $1, $2, 'Owner', id from organisations where path = '/dev'`, uuid.New(), ann.Account)
	h.Authority.InvalidateAll()
	if h.may(ann, remit.InvoiceRead, "/dev/Branch A") {
		t.Error("a grant made her more than a customer's user")
	}
	_, err = h.Organisations(ctx, ann, "", Page{})
	wants(t, "the organisations", err, remit.KindForbidden)
	tree, err := h.OrganisationTree(ctx, ann, Page{})
	if err != nil || len(tree.Items) != 0 {
		t.Errorf("she sees %v, %v", tree.Items, err)
	}
}

// There is one first administrator, and he is made at the command line alone.
func TestTheFirstAdministrator(t *testing.T) {
	h, _ := openHouse(t)
	ctx := t.Context()
	first := func(path, email, password string) (Invitation, error) {
		return h.CreateFirstAdministrator(ctx, FirstAdministrator{Organisation: path, Email: email, Name: "X", Password: secrets.NewSecret(password)})
	}
	_, err := first("/dev", "second@example.com", goodPassword)
	wants(t, "a second one", err, remit.KindConflict)
	_, err = first("/dev/Branch A", "x@example.com", goodPassword)
	wants(t, "of a branch", err, remit.KindInvalid)
	_, err = first("/new", "x@example.com", "short")
	wants(t, "a short password", err, remit.KindInvalid)
	for range 2 { // until he accepts he is no administrator
		invitation, err := first("/new", "nina@example.com", "")
		if err != nil || invitation.Link == "" {
			t.Fatalf("%+v, %v", invitation, err)
		}
		if invitation.User.Status != remit.UserInvited {
			t.Errorf("%s", invitation.User.Status)
		}
	}
	invitation, err := first("/new", "nina@example.com", "")
	if err != nil {
		t.Fatal(err)
	}
	h.accept(invitation)
	if !h.may(h.signIn("nina@example.com"), remit.Everything, "/new") {
		t.Error("she does not own it")
	}
	_, err = first("/new", "else@example.com", goodPassword)
	wants(t, "another one", err, remit.KindConflict)
}
