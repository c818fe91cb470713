package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"remit/commands"
	"remit/secrets"
)

// password is Ben's, in a folder that is gone after the run.
const password = "measured, never judged"

// furnish makes an organisation, somebody with an API token who may do
// everything there, the connection to the stand-in with its webhooks, and a
// customer whose saved card pays.
func (b *bench) furnish(ctx context.Context) error {
	var token secrets.Secret
	err := b.operate(ctx, func(c *commands.Commands) error {
		made, err := c.CreateFirstAdministrator(ctx, commands.FirstAdministrator{
			Organisation: organisation, Email: "bench@example.com", Name: "Ben Bench", Password: secrets.NewSecret(password),
		})
		if err != nil {
			return err
		}
		b.ben = made.User.ID
		ben, err := c.ActAs(ctx, b.ben)
		if err != nil {
			return err
		}
		ben.Session = []byte("bench") // a token is made by somebody in a session
		issued, err := c.CreateAPIToken(ctx, ben, func() (commands.TokenInput, error) { return commands.TokenInput{Name: "bench"}, nil })
		token = issued.Secret
		return err
	})
	if err != nil {
		return err
	}
	if err := b.serve(ctx); err != nil {
		return err
	}
	b.payer = newCaller(b.url, token, b.InFlight)
	keys := map[string]any{"secret_key": "sk_test_" + "bench", "publishable_key": "pk_test_bench"}
	if err := b.payer.do(ctx, http.MethodPut, "/v1/stripe/connection/keys", keys, "", nil); err != nil {
		return err
	}
	return b.addPayers(ctx, 1)
}

// fetch does what a browser does with a hosted page, without following it back.
func fetch(ctx context.Context, method, address string, form url.Values) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, formBody(form))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the hosted page: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the hosted page: %w", err)
	}
	return text, nil
}
