package sandbox_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v79"

	"remit/sandbox"
)

// cutAfter ends the journal after the last line that has the words: what a crash
// right then would have left.
func cutAfter(t testing.TB, dir, words string) {
	t.Helper()
	path := filepath.Join(dir, "journal.jsonl")
	journal, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(journal, []byte(words))
	if at < 0 {
		t.Fatal("no line has", words)
	}
	end := at + bytes.IndexByte(journal[at:], '\n') + 1
	if err := os.WriteFile(path, journal[:end], 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a crash keeps one account from doing for another is done at the next
// start, once.
func TestErrandsSurviveACrash(t *testing.T) {
	s := open(t)
	id := s.standard("new_ready")
	s.direct(id)
	s.close()
	cutAfter(t, s.dir, `"fee.take"`)
	s = openIn(t, s.dir, sandbox.Options{})
	s = s.reopen()
	var found []*stripe.ApplicationFee
	for list := s.ApplicationFees.List(&stripe.ApplicationFeeListParams{}); list.Next(); {
		found = append(found, list.ApplicationFee())
	}
	if len(found) != 1 || found[0].Amount != 100 || s.movements("") != 100 {
		t.Errorf("%d fees, %d in the balance", len(found), s.movements(""))
	}
	made := s.express().ID
	s.close()
	cutAfter(t, s.dir, `"account.open"`)
	s = openIn(t, s.dir, sandbox.Options{})
	if a := s.account(made); a.Type != stripe.AccountTypeExpress {
		t.Errorf("%+v", a)
	}
}

// Two accounts that are each other's platform charge at once, and nobody waits
// for the other for ever.
func TestPlatformsOfEachOther(t *testing.T) {
	s := open(t)
	mirror := *s
	mirror.key, mirror.API = "sk_test_mirror", s.as("sk_test_mirror")
	there, err := mirror.Accounts.Get()
	if err != nil {
		t.Fatal(err)
	}
	here, err := s.Accounts.Get()
	if err != nil {
		t.Fatal(err)
	}
	s.standard(there.ID)
	code := mirror.authorize(mirror.client(), here.ID, "connect").Get("code")
	if _, err := mirror.OAuth.New(&stripe.OAuthTokenParams{
		GrantType: stripe.String("authorization_code"), Code: &code, ClientSecret: &mirror.key,
	}); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for range 10 {
		running.Go(func() { s.direct(there.ID) })
		running.Go(func() { mirror.direct(here.ID) })
	}
	running.Wait()
	for _, side := range []*stand{s, &mirror} {
		if n := side.happened("application_fee.created"); n != 10 {
			t.Error(n)
		}
	}
}
