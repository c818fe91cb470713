package demo

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"os"

	"remit/apiclient"
	"remit/secrets"
)

// assigneeLine asks the payers of Branch A; Branch B is left to the default.
const assigneeLine = `<Assignee name="Invoice payers" path="/dev-v51/Branch A" type="UNIT" scope="workflow=role('Invoice Payers')">`

// minimumPartial is the least that may be paid in part, $50.00.
const minimumPartial = 5000

// settings connects Stripe's stand-in and says how invoices are paid.
func (s *seeder) settings(ctx context.Context) error {
	var connection struct{ Status string }
	if err := s.admin.Get(ctx, "/v1/stripe/connection", top(), &connection); err != nil {
		return err
	}
	if connection.Status == "disconnected" {
		keys := map[string]string{"secret_key": s.StripeKey.Reveal(), "publishable_key": "pk_test_" + rand.Text()}
		if err := s.put(ctx, "/v1/stripe/connection/keys", top(), keys); err != nil {
			return err
		}
	}
	var payments struct {
		PartialPayments bool  `json:"partial_payments"`
		MinimumPartial  int64 `json:"minimum_partial"`
	}
	if err := s.admin.Get(ctx, "/v1/settings/payments", top(), &payments); err != nil {
		return err
	}
	if !payments.PartialPayments || payments.MinimumPartial != minimumPartial {
		wanted := map[string]any{"online_payments": true, "partial_payments": true, "minimum_partial": minimumPartial}
		if err := s.put(ctx, "/v1/settings/payments", top(), wanted); err != nil {
			return err
		}
	}
	return s.put(ctx, "/v1/settings/work-item-step", nil, map[string]string{"xml": assigneeLine})
}

func (s *seeder) put(ctx context.Context, path string, query url.Values, body any) error {
	return s.admin.Do(ctx, apiclient.Request{Method: http.MethodPut, Path: path, Query: query, Body: body}, nil)
}

// token leaves an API token for the command line of this machine.
func (s *seeder) token(ctx context.Context) error {
	if info, err := os.Stat(s.TokenFile); err == nil && info.Size() > 0 {
		return nil
	}
	var made struct{ Secret secrets.Secret }
	err := s.admin.Do(ctx, apiclient.Request{
		Method: http.MethodPost, Path: "/v1/api-tokens", Body: map[string]string{"organisation": Top, "name": "Command line of this machine"},
	}, &made)
	if err != nil {
		return err
	}
	return writeFile(s.TokenFile, []byte(made.Secret.Reveal()+"\n"))
}
