package program_test

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
)

// Access that an owner gave and nobody here uses is given back at Stripe: where another
// way to connect was quicker, though the account was connected here before, and where it
// is of live mode and only tests are made here.
func TestAccessThatNobodyUsesIsGivenBack(t *testing.T) {
	t.Parallel()
	p := openPlatform(t)
	admin, caller := p.signIn("admin"), p.caller("admin", nil)
	caller.ConfirmedAt, caller.Session = time.Now(), []byte("this session")
	link := func(which string, meanwhile func()) (remit.Connection, error) {
		l, err := p.program.Commands.ConnectStandard(t.Context(), caller, p.top)
		must(t, err)
		back := p.authorize(l.URL, which).Query()
		meanwhile()
		return p.program.Commands.FinishStandard(t.Context(), caller, back.Get("state"), back.Get("code"))
	}
	at := gateway.New(gateway.Options{URL: p.standin, PlatformKey: p.platform}).Platform()
	reached := func(account string) bool {
		_, err := at.At(account).Account(t.Context())
		if err != nil && !gateway.IsAccountGone(err) {
			t.Fatal(err)
		}
		return err == nil
	}
	linked, err := link("new_ready", func() {})
	must(t, err)
	if !reached(linked.Account) {
		t.Fatal("a linked account is not reached")
	}
	admin.del("/v1/stripe/connection").want(204)
	p.is("disconnected")

	_, err = link(linked.Account, func() {
		keys := map[string]any{"secret_key": "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", ""), "publishable_key": "pk_test_2"}
		admin.put("/v1/stripe/connection/keys", keys).want(200)
	})
	if !remit.IsCode(err, remit.CodeConflict) || reached(linked.Account) {
		t.Errorf("beside keys: %v, and it can be reached: %v", err, reached(linked.Account))
	}
	admin.del("/v1/stripe/connection").want(204)
	p.is("disconnected")

	p.mu.Lock()
	p.change = asOfLiveMode
	p.mu.Unlock()
	_, err = link(linked.Account, func() {})
	if !remit.IsCode(err, remit.CodeConflict) || reached(linked.Account) {
		t.Errorf("of live mode: %v, and it can be reached: %v", err, reached(linked.Account))
	}
}

// asOfLiveMode has an account that is linked be one of live mode, which the stand-in has
// none of.
func asOfLiveMode(request *http.Request, response *http.Response) {
	if request.URL.Path != "/oauth/token" {
		return
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Body.Close() != nil {
		return
	}
	body = regexp.MustCompile(`"livemode":\s*false`).ReplaceAll(body, []byte(`"livemode":true`))
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
}
