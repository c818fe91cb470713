package credentials_test

import (
	"bytes"
	"image/png"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"remit/credentials"
	"remit/secrets"
)

// A token is found by its hash, is of its kind only, and an API token that was
// mistyped needs no look-up.
func TestTokens(t *testing.T) {
	kinds := []credentials.TokenKind{
		credentials.SessionToken, credentials.APIToken, credentials.InvitationToken, credentials.ResetToken, credentials.SecondStepToken,
	}
	for _, kind := range kinds {
		token := credentials.NewToken(kind)
		plain := token.Plain.Reveal()
		if !strings.HasPrefix(plain, string(kind)) || len(token.Hash) != 32 {
			t.Errorf("%q token %q", kind, plain)
		}
		for _, other := range kinds {
			hash, ok := credentials.HashToken(other, plain)
			if ok != (other == kind) || ok && !credentials.SameHash(hash, token.Hash) {
				t.Errorf("%q token taken as %q: %v", kind, other, ok)
			}
		}
		if again := credentials.NewToken(kind); credentials.SameHash(again.Hash, token.Hash) {
			t.Error("two tokens are equal")
		}
		for _, bad := range []string{"", string(kind), plain[:len(plain)-1], plain + "A", plain + "=", " " + plain, strings.Repeat("A", 1<<20)} {
			if _, ok := credentials.HashToken(kind, bad); ok {
				t.Errorf("%q taken as a %q token", bad[:min(len(bad), 60)], kind)
			}
		}
	}
	plain := []byte(credentials.NewToken(credentials.APIToken).Plain.Reveal())
	for i := range plain {
		mistyped := bytes.Clone(plain)
		mistyped[i] = map[bool]byte{true: 'B', false: 'A'}[mistyped[i] == 'A']
		if _, ok := credentials.HashToken(credentials.APIToken, string(mistyped)); ok {
			t.Errorf("mistyped at %d and taken", i)
		}
	}
}

// A one-time code works in its own 30 seconds, once, and no other.
func TestTOTP(t *testing.T) {
	secret, url, qr, err := credentials.NewTOTP("heike@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if picture, err := png.Decode(bytes.NewReader(qr)); err != nil || picture.Bounds().Dx() != 240 {
		t.Errorf("picture: %v", err)
	}
	if !strings.HasPrefix(url.Reveal(), "otpauth://totp/Remit:heike@example.com?") || strings.Contains(url.String(), "secret") {
		t.Errorf("url %q, printed %q", url.Reveal(), url)
	}
	now := time.Date(2026, 1, 1, 12, 0, 15, 0, time.UTC)
	code, err := totp.GenerateCode(secret.Reveal(), now)
	if err != nil {
		t.Fatal(err)
	}
	step, ok := credentials.CheckTOTP(secret, code, now, 0)
	if !ok || step != now.Unix()/30 {
		t.Fatalf("the present code: step %d, %v", step, ok)
	}
	for name, c := range map[string]struct {
		at   time.Time
		code string
		last int64
	}{
		"again":         {now, code, step},
		"after a later": {now, code, step + 1},
		"step before":   {now.Add(-30 * time.Second), code, 0},
		"step after":    {now.Add(30 * time.Second), code, 0},
		"five digits":   {now, code[:5], 0},
		"empty":         {now, "", 0},
		"letters":       {now, "abcdef", 0},
		"long":          {now, strings.Repeat(code, 1000), 0},
	} {
		if got, ok := credentials.CheckTOTP(secret, c.code, c.at, c.last); ok || got != c.last {
			t.Errorf("%s: taken with step %d", name, got)
		}
	}
}

// Ten recovery codes differ, and are found however they are typed.
func TestRecoveryCodes(t *testing.T) {
	codes, hashes := credentials.NewRecoveryCodes()
	if len(codes) != 10 || len(hashes) != 10 {
		t.Fatalf("%d codes, %d hashes", len(codes), len(hashes))
	}
	seen := map[string]bool{}
	for i, code := range codes {
		plain := code.Reveal()
		seen[plain] = true
		for _, typed := range []string{plain, strings.ToLower(plain), strings.ReplaceAll(plain, "-", ""), strings.ReplaceAll(plain, "-", " ")} {
			if hash, ok := credentials.HashRecoveryCode(typed); !ok || !credentials.SameHash(hash, hashes[i]) {
				t.Errorf("%q not found", typed)
			}
		}
		for _, bad := range []string{"", plain[1:], plain + "A", "1" + plain[1:], strings.Repeat("A", 1<<20)} {
			if _, ok := credentials.HashRecoveryCode(bad); ok {
				t.Errorf("%.40q taken as a code", bad)
			}
		}
	}
	if len(seen) != 10 {
		t.Error("two codes are equal")
	}
}

// T29: four failures cost nothing, the fifth starts a delay that doubles to 15
// minutes and never locks out.
func TestNextAllowed(t *testing.T) {
	last := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for failures, want := range map[int]time.Duration{
		-1: 0, 0: 0, 4: 0, 5: 32 * time.Second, 6: 64 * time.Second, 9: 512 * time.Second, 10: 15 * time.Minute, 1000: 15 * time.Minute, 1 << 40: 15 * time.Minute,
	} {
		if got := credentials.NextAllowed(failures, last).Sub(last); got != want {
			t.Errorf("%d failures: %v, want %v", failures, got, want)
		}
	}
}

// T29: one subscriber's addresses are one network, however they are written.
func TestNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"203.0.113.9": "203.0.113.0/24", "::ffff:203.0.113.77": "203.0.113.0/24",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := credentials.Network(netip.MustParseAddr(addr)); got.String() != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if credentials.Network(netip.Addr{}).IsValid() {
		t.Error("no address has a network")
	}
}

// T29: a browser known from a sign-in is known for that account, until the
// password changes or 90 days have passed.
func TestKnownBrowser(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kek")
	if err := secrets.CreateKEK(file); err != nil {
		t.Fatal(err)
	}
	keys, err := secrets.Open(t.Context(), file, &secrets.MemoryStore{})
	if err != nil {
		t.Fatal(err)
	}
	account, now := uuid.New(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	set := now.Add(-time.Hour)
	token, err := credentials.BrowserToken(keys, account, set, now)
	if err != nil {
		t.Fatal(err)
	}
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		token   string
		account uuid.UUID
		set, at time.Time
		want    bool
	}{
		"now":             {token, account, set, now, true},
		"after 90 days":   {token, account, set, now.Add(90 * day), true},
		"too old":         {token, account, set, now.Add(90*day + time.Second), false},
		"from the future": {token, account, set, now.Add(-time.Second), false},
		"other account":   {token, uuid.New(), set, now, false},
		"new password":    {token, account, set.Add(time.Second), now, false},
		"forged":          {token[:30] + "AAAA" + token[34:], account, set, now, false},
		"cut":             {token[:8], account, set, now, false},
		"empty":           {"", account, set, now, false},
		"long":            {strings.Repeat("A", 1<<20), account, set, now, false},
	} {
		if got := credentials.KnownBrowser(keys, c.token, c.account, c.set, c.at); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
