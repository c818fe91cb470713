package credentials

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit/secrets"
)

// browserLife is how long a browser stays known after a sign-in.
const browserLife = 90 * 24 * time.Hour

// BrowserToken is the value of a cookie that makes a browser known to have
// signed in to the account. It only spares the throttle's delay and gives no
// access. It ends after 90 days and when the password changes (passwordSet).
func BrowserToken(keys *secrets.Keyring, account uuid.UUID, passwordSet, now time.Time) (string, error) {
	signedIn := binary.BigEndian.AppendUint64(nil, uint64(now.Unix())) //nolint:gosec // read back as it was
	tag, err := keys.Tag(secrets.KnownBrowsers, browserPlace(account), browserData(signedIn, passwordSet))
	if err != nil {
		return "", fmt.Errorf("browser token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(signedIn, tag...)), nil
}

// KnownBrowser reports whether token was made for this account and password
// and is not too old.
func KnownBrowser(keys *secrets.Keyring, token string, account uuid.UUID, passwordSet, now time.Time) bool {
	if len(token) > 128 {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 8 {
		return false
	}
	signedIn := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0) //nolint:gosec // what BrowserToken wrote; a forged one fails its tag
	if signedIn.After(now) || now.Sub(signedIn) > browserLife {
		return false
	}
	return keys.VerifyTag(secrets.KnownBrowsers, browserPlace(account), browserData(raw[:8], passwordSet), raw[8:]) == nil
}

func browserPlace(account uuid.UUID) secrets.AD {
	return secrets.AD{Table: "accounts", Column: "known_browser", Row: account.String()}
}

func browserData(signedIn []byte, passwordSet time.Time) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(nil), signedIn...), uint64(passwordSet.UnixMicro()))
}
