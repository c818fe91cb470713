package static_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"remit/portal/static"
)

// Protects the supply: a vendored file is the one VENDOR names, byte for byte.
func TestVendoredFilesAreTheOnesNamed(t *testing.T) {
	for line := range strings.Lines(static.Vendor()) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(fields) == 0 {
			continue
		}
		content, err := os.ReadFile(fields[0])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != fields[4] {
			t.Errorf("%s is %s, VENDOR says %s", fields[0], got, fields[4])
		}
	}
}

// Protects caching: a file is served under its hashed name alone, for ever.
func TestServedByHashedName(t *testing.T) {
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		static.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	w := get(static.URL("remit.css"))
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := get("/static/remit.css"); w.Code != http.StatusNotFound {
		t.Errorf("an unhashed name answers %d", w.Code)
	}
}

// Protects cold loads: what every page needs stays well under the budget of
// 60 KB that a payer's page has.
func TestFirstLoadIsSmall(t *testing.T) {
	sum := 0
	for _, name := range []string{"pico.min.css", "remit.css", "htmx.min.js", "remit.js"} {
		r := httptest.NewRequest(http.MethodGet, static.URL(name), nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		static.Handler().ServeHTTP(w, r)
		sum += w.Body.Len()
	}
	if sum > 48<<10 {
		t.Errorf("stylesheets and scripts are %d bytes compressed", sum)
	}
}
