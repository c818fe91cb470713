package commands

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"remit"
	"remit/policies"
	"remit/secrets"
)

// try is one sign-in with a password from an address.
func (h *house) try(email, password, address, browser string) (SignedIn, error) {
	h.t.Helper()
	return h.SignIn(h.t.Context(), SignInInput{
		Email: email, Password: secrets.NewSecret(password), KnownBrowser: browser, From: From{Address: address},
	})
}

// T28: whether somebody exists cannot be told from the answer. That both cost
// one hash is shown where the hasher is.
func TestT28UnknownUserAndWrongPasswordAnswerAlike(t *testing.T) {
	h, owner := openHouse(t)
	disabled := h.join(owner, "dan@example.com", "Viewer at /dev")
	if _, err := h.SetUserDisabled(t.Context(), owner, "", disabled.Account, Given(true)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.InviteUser(t.Context(), owner, Given(InviteInput{Email: "ines@example.com", Name: "Ines"})); err != nil {
		t.Fatal(err)
	}
	answers := map[string]error{}
	for who, password := range map[string]string{
		"olga@example.com": "wrong", "nobody@example.com": goodPassword, "dan@example.com": goodPassword, "ines@example.com": "", "": "", "x\x00": "y",
	} {
		_, answers[who] = h.try(who, password, "192.0.2.9", "")
	}
	for who, err := range answers {
		if e := remit.AsError(err); e.Kind != remit.KindUnauthenticated || e.Message != "E-mail or password is wrong." {
			t.Errorf("%q: %v", who, err)
		}
	}
}

// T29: a thousand failures, many at once, delay whoever makes them and never
// the owner: not from elsewhere, and not in a browser he has signed in with
// before.
func TestT29FailuresDelayAndNeverLockOut(t *testing.T) {
	h, owner := openHouse(t)
	home, err := h.try(owner.Email, goodPassword, "198.51.100.7", "")
	if err != nil {
		t.Fatal(err)
	}
	hashed, delayed := 0, 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 100 {
				_, err := h.try(owner.Email, "guess", "198.51.100.7", "")
				mu.Lock()
				switch remit.AsError(err).Kind {
				case remit.KindLimited:
					delayed++
				case remit.KindUnauthenticated, remit.KindUnavailable:
					hashed++
				default:
					t.Errorf("a guess: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if hashed != 5 || delayed != 995 {
		t.Errorf("%d guesses were looked at and %d delayed, want 5 and 995", hashed, delayed)
	}
	if _, err := h.try(owner.Email, goodPassword, "198.51.100.7", ""); remit.AsError(err).Kind != remit.KindLimited {
		t.Errorf("from there, in an unknown browser: %v", err)
	}
	if _, err := h.try(owner.Email, goodPassword, "198.51.100.7", home.KnownBrowser); err != nil {
		t.Errorf("the owner, in a known browser: %v", err)
	}
	if _, err := h.try(owner.Email, goodPassword, "203.0.113.5", ""); err != nil {
		t.Errorf("the owner, from elsewhere: %v", err)
	}
	for range 5 {
		_, _ = h.try(owner.Email, "guess", "198.51.100.7", home.KnownBrowser)
	}
	if _, err := h.try(owner.Email, "guess", "198.51.100.7", home.KnownBrowser); remit.AsError(err).Kind != remit.KindLimited {
		t.Errorf("guessing in a known browser goes on: %v", err)
	}
	h.clock.forward(33 * time.Second)
	if _, err := h.try(owner.Email, goodPassword, "198.51.100.7", ""); err != nil {
		t.Errorf("after the delay: %v", err)
	}
}

// Somebody who tries many accounts from one network is delayed as well, long
// after an office would have signed in.
func TestManyAccountsFromOneNetworkAreDelayed(t *testing.T) {
	h, _ := openHouse(t)
	looked := 0
	for i := range 60 {
		_, err := h.try(fmt.Sprintf("user%d@example.com", i), "guess", "198.51.100.7", "")
		if remit.AsError(err).Kind == remit.KindUnauthenticated {
			looked++
		}
	}
	if looked != 50 {
		t.Errorf("%d accounts could be tried, want 50", looked)
	}
}

// T30: a session's token is new at each sign-in and each confirmation, the one
// before is dead, and the database holds only hashes.
func TestT30TokensAreRenewed(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	first, err := h.try(owner.Email, goodPassword, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.try(owner.Email, goodPassword, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	if first.Session.Equal(second.Session) {
		t.Error("two sign-ins, one token")
	}
	h.clock.forward(11 * time.Minute)
	caller := h.caller(second.Session)
	wants(t, "unconfirmed", h.confirmed(caller), remit.KindForbidden)
	_, err = h.Confirm(ctx, caller, secrets.NewSecret("wrong"), "")
	wants(t, "a wrong password", err, remit.KindInvalid)
	renewed, err := h.Confirm(ctx, caller, secrets.NewSecret(goodPassword), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Session(ctx, second.Session.Reveal(), From{}); remit.AsError(err).Kind != remit.KindUnauthenticated {
		t.Errorf("the token before the confirmation: %v", err)
	}
	confirmed := h.caller(renewed.Session)
	if err := h.Commands.confirmed(confirmed); err != nil {
		t.Errorf("confirmed: %v", err)
	}
	if !confirmed.SignedInAt.Equal(caller.SignedInAt) {
		t.Error("confirming moved the time of signing in, and so the end of the session")
	}
	for _, token := range []secrets.Secret{first.Session, second.Session, renewed.Session} {
		if h.number("select count(*) from sessions where encode(token_hash, 'escape') like '%' || $1 || '%'", token.Reveal()) != 0 {
			t.Error("a session's token is in the database")
		}
	}
	for _, preset := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("é", 50)} {
		if _, err := h.Session(ctx, preset, From{}); remit.AsError(err).Kind != remit.KindUnauthenticated {
			t.Errorf("a token of somebody's own making: %v", err)
		}
	}
}

// A session ends 30 minutes after its last request, and 12 hours after signing
// in whatever is done.
func TestSessionsEnd(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	in, err := h.try(owner.Email, goodPassword, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	alive := func() bool {
		_, err := h.Session(ctx, in.Session.Reveal(), From{})
		return err == nil
	}
	for range 24 { // 12 hours less the last step
		h.clock.forward(29*time.Minute + 59*time.Second)
		if !alive() {
			t.Fatal("a session in use ended")
		}
	}
	h.clock.forward(25 * time.Second)
	if alive() {
		t.Error("a session lived longer than 12 hours")
	}
	if in, err = h.try(owner.Email, goodPassword, "192.0.2.1", ""); err != nil {
		t.Fatal(err)
	}
	h.clock.forward(30 * time.Minute)
	if alive() {
		t.Error("an idle session lived longer than 30 minutes")
	}
}

// Signing out, here or everywhere, being disabled and a new password end
// sessions at the next request, and being disabled ends API tokens for good.
func TestWhatEndsSessionsAndTokens(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	ana := h.join(owner, "ana@example.com", "Invoice Payers at /dev")
	enter := func() secrets.Secret {
		t.Helper()
		in, err := h.try(ana.Email, goodPassword, "192.0.2.1", "")
		if err != nil {
			t.Fatal(err)
		}
		return in.Session
	}
	dead := func(what string, tokens ...secrets.Secret) {
		t.Helper()
		for _, token := range tokens {
			if _, err := h.Session(ctx, token.Reveal(), From{}); remit.AsError(err).Kind != remit.KindUnauthenticated {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	one, two := enter(), enter()
	if err := h.SignOut(ctx, one.Reveal()); err != nil {
		t.Fatal(err)
	}
	dead("signed out", one)
	three := enter()
	if err := h.SignOutEverywhere(ctx, h.caller(two)); err != nil {
		t.Fatal(err)
	}
	dead("signed out everywhere", two, three)
	one, two = enter(), enter()
	err := h.ChangePassword(ctx, h.caller(one), Given(PasswordChange{secrets.NewSecret(goodPassword), secrets.NewSecret("another gray walnut 41")}))
	if err != nil {
		t.Fatal(err)
	}
	dead("password changed elsewhere", two)
	caller := h.caller(one)
	if err := h.ChangePassword(ctx, caller, Given(PasswordChange{secrets.NewSecret("another gray walnut 41"), secrets.NewSecret(goodPassword)})); err != nil {
		t.Fatal(err)
	}
	token, err := h.CreateAPIToken(ctx, caller, Given(TokenInput{Name: "script"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Bearer(ctx, token.Secret.Reveal(), From{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetUserDisabled(ctx, owner, "", ana.Account, Given(true)); err != nil {
		t.Fatal(err)
	}
	dead("disabled", one)
	if h.may(ana, remit.StripePay, "/dev") {
		t.Error("a disabled person may still pay")
	}
	if _, err := h.SetUserDisabled(ctx, owner, "", ana.Account, Given(false)); err != nil {
		t.Fatal(err)
	}
	if !h.may(h.signIn(ana.Email), remit.StripePay, "/dev") {
		t.Error("let back in, and still may not pay")
	}
	_, err = h.Bearer(ctx, token.Secret.Reveal(), From{})
	wants(t, "the token of before", err, remit.KindUnauthenticated)
}

// An API token does what it was made for and its owner may at the time, and
// nothing that would outlive its revocation.
func TestAPITokensNarrow(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	ana := h.join(owner, "ana@example.com", "Invoice Payers at /dev/Branch A")
	made, err := h.CreateAPIToken(ctx, ana, Given(TokenInput{Name: "reader", Scopes: []remit.Scope{remit.InvoiceRead}}))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := h.Bearer(ctx, made.Secret.Reveal(), From{})
	if err != nil {
		t.Fatal(err)
	}
	if !h.may(reader, remit.InvoiceRead, "/dev/Branch A") || h.may(reader, remit.InvoiceRead, "/dev") || h.may(reader, remit.StripePay, "/dev/Branch A") {
		t.Error("the token does not narrow what its owner holds")
	}
	none, err := h.CreateAPIToken(ctx, ana, Given(TokenInput{Name: "nothing", Scopes: []remit.Scope{}}))
	if err != nil {
		t.Fatal(err)
	}
	idle, err := h.Bearer(ctx, none.Secret.Reveal(), From{})
	if err != nil || h.may(idle, remit.InvoiceRead, "/dev/Branch A") {
		t.Errorf("a token without scopes may something: %v", err)
	}
	_, err = h.CreateAPIToken(ctx, reader, Given(TokenInput{Name: "child"}))
	wants(t, "a token making a token", err, remit.KindForbidden)
	wants(t, "a token changing the password", h.ChangePassword(ctx, reader, Given(PasswordChange{})), remit.KindForbidden)
	_, err = h.BeginMFA(ctx, reader)
	wants(t, "a token changing the second factor", err, remit.KindForbidden)
	if err := h.DeleteGrant(ctx, owner, h.grantOf(owner, ana.Account, policies.RoleInvoicePayers)); err != nil {
		t.Fatal(err)
	}
	if h.may(reader, remit.InvoiceRead, "/dev/Branch A") {
		t.Error("the token outlives the grant")
	}
	stranger := h.join(owner, "bob@example.com", "Viewer at /dev")
	wants(t, "somebody else's token", h.RevokeAPIToken(ctx, stranger, made.ID), remit.KindNotFound)
	if err := h.RevokeAPIToken(ctx, owner, made.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Bearer(ctx, made.Secret.Reveal(), From{})
	wants(t, "a revoked token", err, remit.KindUnauthenticated)
	list, err := h.APITokens(ctx, ana, "", Page{})
	if err != nil || len(list.Items) != 2 || list.Items[0].Name != "nothing" || list.Items[1].RevokedAt == nil {
		t.Errorf("the own tokens: %+v, %v", list, err)
	}
}

// The second factor is asked after the password, its codes work once, and each
// recovery code works once in place of one.
func TestSecondFactor(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	factor, err := h.BeginMFA(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(code string) {
		t.Helper()
		_, err := h.ConfirmMFA(ctx, owner, code)
		wants(t, "a wrong code", err, remit.KindInvalid)
	}
	wrong("")
	wrong("abcdef")
	codes, err := h.ConfirmMFA(ctx, owner, h.code(factor))
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	step := func() secrets.Secret {
		t.Helper()
		in, err := h.try(owner.Email, goodPassword, "192.0.2.1", "")
		if err != nil || !in.Session.IsZero() || in.MFA.IsZero() {
			t.Fatalf("a sign-in without the second factor: %v", err)
		}
		return in.MFA
	}
	used := h.code(factor)
	pending := step()
	_, err = h.SignInMFA(ctx, pending.Reveal(), used, From{})
	wants(t, "the code that confirmed", err, remit.KindUnauthenticated)
	h.clock.forward(30 * time.Second)
	in, err := h.SignInMFA(ctx, pending.Reveal(), h.code(factor), From{})
	if err != nil {
		t.Fatal(err)
	}
	h.caller(in.Session)
	h.clock.forward(30 * time.Second)
	_, err = h.SignInMFA(ctx, pending.Reveal(), h.code(factor), From{})
	wants(t, "the second step twice", err, remit.KindUnauthenticated)
	if _, err = h.SignInMFA(ctx, step().Reveal(), codes[3].Reveal(), From{}); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	_, err = h.SignInMFA(ctx, step().Reveal(), codes[3].Reveal(), From{})
	wants(t, "a recovery code twice", err, remit.KindUnauthenticated)
	late := step()
	h.clock.forward(6 * time.Minute)
	_, err = h.SignInMFA(ctx, late.Reveal(), h.code(factor), From{})
	wants(t, "after six minutes", err, remit.KindUnauthenticated)
	caller := h.caller(in.Session)
	_, err = h.Confirm(ctx, caller, secrets.NewSecret(goodPassword), "000000")
	wants(t, "confirming without the code", err, remit.KindInvalid)
	h.clock.forward(5 * time.Minute)
	wants(t, "removing it unconfirmed", h.RemoveMFA(ctx, caller), remit.KindForbidden)
	again, err := h.Confirm(ctx, caller, secrets.NewSecret(goodPassword), h.code(factor))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.RemoveMFA(ctx, h.caller(again.Session)); err != nil {
		t.Fatal(err)
	}
	h.signIn(owner.Email)
}

// code is what an authenticator app shows now.
func (h *house) code(factor SecondFactor) string {
	h.t.Helper()
	code, err := totp.GenerateCode(factor.Secret.Reveal(), h.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// Signing in shows what there is: the tenants in the order of their paths.
func TestMe(t *testing.T) {
	h, owner := openHouse(t)
	if _, err := h.CreateOrganisation(t.Context(), owner, Given(OrganisationInput{Path: "/another"})); err != nil {
		t.Fatal(err)
	}
	owner = h.signIn(owner.Email)
	me, err := h.Me(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for i, member := range me.Tenants {
		paths = append(paths, member.Path+" "+me.Grants[i].Role)
	}
	if !slices.Equal(paths, []string{"/another Owner", "/dev Owner"}) || me.MFA {
		t.Errorf("%v", paths)
	}
}

// Where the installation requires it, an administrator who signs in with a
// password alone changes no roles (ASVS 6.3.3).
func TestAdministratorsNeedASecondFactor(t *testing.T) {
	c := &Commands{Now: time.Now, RequireSecondFactor: true}
	caller := Caller{ConfirmedAt: time.Now(), Session: []byte("x")}
	if err := c.strongly(caller); !remit.IsCode(err, remit.CodeSecondFactor) {
		t.Fatalf("with a password alone: %v", err)
	}
	caller.SecondFactor = true
	if err := c.strongly(caller); err != nil {
		t.Fatalf("with a second factor: %v", err)
	}
}
