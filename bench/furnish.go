package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"remit/commands"
	"remit/secrets"
)

// furnish makes an organisation, somebody with an API token who may do
// everything there, the connection to the stand-in with its webhooks, and a
// customer whose saved card pays.
func (b *bench) furnish(ctx context.Context) error {
	var token secrets.Secret
	err := b.operate(ctx, func(c *commands.Commands) error {
		made, err := c.CreateFirstAdministrator(ctx, commands.FirstAdministrator{
			Organisation: organisation, Email: "bench@example.com", Name: "Ben Bench", Password: secrets.NewSecret("measured, never judged"),
		})
		if err != nil {
			return err
		}
		ben, err := c.ActAs(ctx, made.User.ID)
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
	var customer struct{ ID string }
	if err := b.payer.do(ctx, http.MethodPost, "/v1/customers", map[string]any{"organisation": organisation, "name": "Globex"}, "", &customer); err != nil {
		return err
	}
	b.customer = customer.ID
	b.card, err = b.saveCard(ctx)
	return err
}

// saveCard types a card on the stand-in's hosted page and returns its id here.
func (b *bench) saveCard(ctx context.Context) (string, error) {
	methods := "/v1/customers/" + b.customer + "/payment-methods"
	var page struct{ URL string }
	if err := b.payer.do(ctx, http.MethodPost, methods, map[string]any{}, "", &page); err != nil {
		return "", err
	}
	text, err := fetch(ctx, http.MethodGet, page.URL, nil)
	if err != nil {
		return "", err
	}
	form := url.Values{"email": {"a@b.test"}, "card_number": {"4242424242424242"}, "card_expiry": {"12 / 40"}, "card_cvc": {"123"}, "name": {"Globex"}}
	if found := regexp.MustCompile(`name="attempt" value="([^"]*)"`).FindSubmatch(text); found != nil {
		form.Set("attempt", string(found[1]))
	}
	if _, err := fetch(ctx, http.MethodPost, page.URL, form); err != nil {
		return "", err
	}
	var saved struct{ Data []struct{ ID string } }
	if err := b.payer.do(ctx, http.MethodGet, methods, nil, "", &saved); err != nil {
		return "", err
	}
	if len(saved.Data) == 0 {
		return "", errors.New("no card was saved")
	}
	return saved.Data[0].ID, nil
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
