package credentials_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit/credentials"
)

const good = "tidal Quilt 7 envelope"

// A password is taken as it is, whatever its characters, between 12 and 128 of
// them; what an attacker tries first is not.
func TestPolicy(t *testing.T) {
	about := []string{"heike.vandermolen@acme-widgets.example", "Heike van der Molen", "Acme Widgets"}
	for _, accepted := range []string{
		good, "correct-horse-battery-staple-9", "remit pays the envelope maker", "a-long-enough-password", "xkqjvzwpmfgh", "  leading and trailing ",
		"\u4e0d\u8981\u5077\u770b\u6211\u7684\u5bc6\u7801\u8c22\u8c22\u4f60\u4e86", "zoë's façade naïveté", strings.Repeat("ab1Z", 3) + "kqwvmxyplrt", "x7#mQ2\u0000\t!vB9k", randomText(128),
	} {
		if _, err := (&credentials.Policy{}).Accept(accepted, about...); err != nil {
			t.Errorf("%q refused: %v", accepted, err)
		}
	}
	for _, refused := range []string{
		"", "short", "elevenchars", strings.Repeat("é", 11), randomText(129), "not \xff utf-8 at all", credentials.DemoPassword,
		"passwordpassword", "Password1234", "password12345", "P@ssw0rd1234", "PASSWORD2024!", "MyPassword123!", "qwertyuiop123", "1q2w3e4r5t6y", "1qaz2wsx3edc",
		"zaq12wsxcde3", "qwerty123456", "123456789012", "111111111111", "aaaaaaaaaaaaaaaa", "abcdefghijkl", "987654321098", "abc123abc123", "iloveyou1234",
		"iloveyou2024", "Summer2024!!", "Welcome2025!", "letmein12345", "dragonmonkey1", "michaeljordan23", "football2023!", "liverpool1892", "trustno1trustno1", "adminadmin123",
		"administrator1", "changeme1234", "superman12345", "correcthorsebatterystaple", "01011990-0101", "asdfghjkl123", "qazwsxedcrfv", "147258369147", "!@#$%^&*()!@", "jesuschrist1",
		"remit-remit-remit", "Remit2026!!!", "invoicepayment1", "heike.vandermolen", "vandermolen1985", "AcmeWidgets2026", "acme-widgets-remit", "Heike123456!", "000000000000000000000000000000",
		strings.Repeat("password", 16),
	} {
		_, err := (&credentials.Policy{}).Accept(refused, about...)
		var reason *credentials.PasswordError
		if !errors.As(err, &reason) || reason.Reason == "" {
			t.Errorf("%q accepted: %v", refused, err)
		}
	}
}

// What an operator knows to be breached is refused, exactly and only that.
func TestBreachedPasswordsAreRefused(t *testing.T) {
	var policy credentials.Policy
	if err := policy.AddBreached(strings.NewReader("short\r\n" + good + "\r\nanother Breached 1 one\n")); err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{good: false, "another Breached 1 one": false, good + "s": true} {
		if _, err := policy.Accept(password); (err == nil) != want {
			t.Errorf("%q: %v", password, err)
		}
	}
}

// Adding random characters to an acceptable password never makes it refused,
// and no password makes the check fail or print itself.
func TestPolicyIsMonotonous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringN(0, 140, 600).Draw(t, "password")
		accepted, err := (&credentials.Policy{}).Accept(password)
		if err == nil && len([]rune(password)) < 128 {
			if _, err := (&credentials.Policy{}).Accept(password + "q"); err != nil {
				t.Fatalf("one more character: %v", err)
			}
		}
		if len(password) >= 12 && (strings.Contains(fmt.Sprintf("%v %+v", accepted, accepted), password) || err != nil && strings.Contains(err.Error(), password)) {
			t.Fatal("the password was printed")
		}
	})
}

// A password verifies against its own hash only, as it was typed.
func TestHashAndVerify(t *testing.T) {
	h := credentials.NewHasher()
	accepted, err := (&credentials.Policy{}).Accept(good)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := h.Hash(t.Context(), accepted)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || credentials.NeedsRehash(hash) {
		t.Errorf("hash %s", hash)
	}
	for password, want := range map[string]bool{good: true, strings.ToLower(good): false, good + " ": false, "": false} {
		if ok, err := h.Verify(t.Context(), password, hash); err != nil || ok != want {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
	if !credentials.NeedsRehash(strings.Replace(hash, "t=2", "t=1", 1)) || !credentials.NeedsRehash("nonsense") {
		t.Error("a weaker hash is kept")
	}
	if _, err := h.Verify(t.Context(), good, "nonsense"); err == nil {
		t.Error("a hash that is none was verified")
	}
	demo, err := credentials.HashDemo()
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Verify(t.Context(), credentials.DemoPassword, demo); err != nil || !ok {
		t.Errorf("the demo's password: %v, %v", ok, err)
	}
}

// T28: a person who does not exist costs one hash like any other, also when
// the dummy's own password is guessed.
func TestUnknownPersonCostsTheSame(t *testing.T) {
	h := credentials.NewHasher()
	demo, err := credentials.HashDemo()
	if err != nil {
		t.Fatal(err)
	}
	took := func(stored string) time.Duration {
		start := time.Now()
		if ok, err := h.Verify(t.Context(), "nobody's password", stored); err != nil || ok {
			t.Fatalf("%v, %v", ok, err)
		}
		return time.Since(start)
	}
	// Another program may hold up any one of them, so that the quickest counts.
	known, unknown := took(demo), took("")
	alike := func() bool { return unknown >= known/3 && known >= unknown/3 }
	for range 50 {
		if alike() {
			return
		}
		known, unknown = min(known, took(demo)), min(unknown, took(""))
	}
	if !alike() {
		t.Errorf("a known person took %v, an unknown one %v", known, unknown)
	}
}

// At most two passwords are hashed at once however many arrive; those that
// cannot be served in time are told so.
func TestHashesAreBounded(t *testing.T) {
	h := credentials.NewHasher()
	var busy, done atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			switch _, err := h.Verify(t.Context(), good, ""); {
			case err == nil:
				done.Add(1)
			case errors.Is(err, credentials.ErrBusy):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done.Load() == 0 || done.Load()+busy.Load() != 100 {
		t.Errorf("%d done, %d busy", done.Load(), busy.Load())
	}
}

// randomText is n characters without a pattern.
func randomText(n int) string {
	state := uint32(42)
	out := make([]byte, n)
	for i := range out {
		state = state*1664525 + 1013904223
		out[i] = byte('!' + state>>24%94)
	}
	return string(out)
}
