package prove

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"remit/secrets"
)

// How a world is connected, in a story's words.
const (
	byKeys     = ""
	byExpress  = "express"
	byStandard = "standard"
)

// Half of the worlds are connected by keys, the others through the platform, charged
// by direct charges.
func modeOf(r *rand.Rand) string {
	return []string{byKeys, byKeys, byExpress, byStandard}[r.IntN(4)]
}

// connect connects the world for the first time.
func (w *world) connect(ctx context.Context) error {
	if w.story.Mode == byExpress {
		return w.openExpress(ctx)
	}
	if err := w.account.must(ctx, http.MethodGet, "/v1/account", nil, &w.own); err != nil {
		return err
	}
	w.rollKey()
	return w.connectOnce(ctx)
}

// openExpress has an account made, and fills in its owner's form.
func (w *world) openExpress(ctx context.Context) error {
	var to struct{ URL string }
	if err := w.admin.must(ctx, http.MethodPost, "/v1/stripe/connection/express", map[string]any{"country": "US"}, &to); err != nil {
		return err
	}
	if err := newVisitor().handIn(ctx, to.URL, w.house.url); err != nil {
		return err
	}
	var made struct{ Account, Status string }
	for {
		if err := w.admin.must(ctx, http.MethodGet, "/v1/stripe/account", nil, nil); err != nil { // asking has Remit look
			return err
		}
		if err := w.admin.must(ctx, http.MethodGet, "/v1/stripe/connection", nil, &made); err != nil {
			return err
		}
		if made.Status == "active" {
			break
		}
		if !pause(ctx, 200*time.Millisecond) {
			return fmt.Errorf("the account %s is %s: %w", made.Account, made.Status, ctx.Err())
		}
	}
	w.own.ID = made.Account
	w.account = newCaller(w.house.standin, w.house.platform.token)
	w.account.account = made.Account
	return nil
}

// rollKey makes the next key by which Remit is to be given access, beside the story's
// own: it is made known to the account when it is handed over.
func (w *world) rollKey() { w.access.key = newStripeKey() }

// connectOnce connects the world's account, or connects it again.
func (w *world) connectOnce(ctx context.Context) error {
	var got answer
	var err error
	switch w.story.Mode {
	case byExpress:
		got, err = w.admin.insist(ctx, patience, http.MethodPost, "/v1/stripe/connection/express", w.key(), map[string]any{"country": "US"})
	case byStandard:
		got, err = w.link(ctx)
	default:
		if err = w.handOver(ctx, w.access.key); err == nil {
			keys := map[string]any{"secret_key": w.access.key.Reveal(), "publishable_key": "pk_test_prove"}
			got, err = w.admin.insist(ctx, patience, http.MethodPut, "/v1/stripe/connection/keys", "", keys)
		}
	}
	w.answered("connect", got, err)
	if err == nil && got.status >= http.StatusBadRequest {
		err = fmt.Errorf("connecting was answered %d: %.300s", got.status, got.raw)
	}
	return err
}

func (w *world) handOver(ctx context.Context, key secrets.Secret) error {
	_, err := w.account.insist(ctx, patience, http.MethodPost, "/_sandbox/keys", "", map[string]any{"alias": key.Reveal()})
	return err
}

// link links the account as its owner does: he is sent to Stripe, agrees, and comes
// back in the session he went in.
func (w *world) link(ctx context.Context) (answer, error) {
	var to struct{ URL string }
	got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/stripe/connection/standard", w.key(), nil)
	if err == nil && got.status == http.StatusConflict { // it does not know yet that access was taken away
		if _, err = w.admin.insist(ctx, patience, http.MethodDelete, "/v1/stripe/connection", "", nil); err == nil {
			got, err = w.admin.insist(ctx, patience, http.MethodPost, "/v1/stripe/connection/standard", w.key(), nil)
		}
	}
	if err != nil || got.status >= http.StatusBadRequest || got.into(&to) != nil {
		return got, err
	}
	owner := newVisitor()
	got, back, err := owner.visit(ctx, to.URL, url.Values{"account": {w.own.ID}, "then": {"connect"}})
	if err != nil || back == "" {
		return got, err
	}
	person, err := w.house.signedIn(ctx, w.adminID)
	if err != nil {
		return got, err
	}
	got, _, err = person.visit(ctx, back, nil) // once: the code works once
	return got, err
}

// handIn fills in Stripe's form for an account's owner, page by page, until it leads
// back to Remit.
func (v *visitor) handIn(ctx context.Context, page, home string) error {
	said := url.Values{
		"business_type": {"individual"}, "business_name": {"World"}, "mcc": {"1520"}, "url": {"https://world.example"},
		"first_name": {"Ada"}, "last_name": {"Byron"}, "email": {"ada@world.example"}, "phone": {"+14155550100"}, "dob": {"1980-12-10"},
		"line1": {"1 Main St"}, "city": {"Boston"}, "state": {"MA"}, "postal_code": {"02108"}, "id_number": {"000000000"},
		"routing_number": {"110000000"}, "account_number": {"000123456789"}, "then": {"next"},
	}
	var form url.Values
	for range 16 {
		shown, to, err := v.visit(ctx, page, form)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(to, home):
			return nil
		case to != "":
			form = nil
			if page, err = join(page, to); err != nil {
				return err
			}
		case shown.status == http.StatusOK && form == nil:
			form = said
		default:
			return fmt.Errorf("the form was answered %d at %s: %.300s", shown.status, page, shown.raw)
		}
	}
	return fmt.Errorf("the form does not end; it stands at %s", page)
}
