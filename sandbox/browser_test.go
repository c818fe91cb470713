package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"

	"github.com/stripe/stripe-go/v79"
)

// shown is what a person's browser got: a page, or an address to go to.
type shown struct {
	status int
	page   string
	to     string
	header http.Header
}

// browser follows no redirect, so that tests see each.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (b *stand) visit(address string) shown {
	b.t.Helper()
	response, err := browser.Get(address)
	return b.shown(response, err)
}

func (b *stand) post(address string, form url.Values) shown {
	b.t.Helper()
	response, err := browser.PostForm(address, form)
	answer := b.shown(response, err)
	if answer.page != "" && answer.to == "" {
		b.t.Errorf("%s answered a form with a page, to which no browser goes back", address)
	}
	if own, err := url.Parse(address); err == nil && answer.to == own.Path {
		return b.visit(address)
	}
	return answer
}

func (b *stand) shown(response *http.Response, err error) shown {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return shown{response.StatusCode, string(body), response.Header.Get("Location"), response.Header}
}

var attemptField = regexp.MustCompile(`name="attempt" value="(\d+)"`)

// fill is the form of a page, filled in with a card.
func (s shown) fill(number string) url.Values {
	attempt := ""
	if match := attemptField.FindStringSubmatch(s.page); match != nil {
		attempt = match[1]
	}
	return url.Values{
		"attempt": {attempt}, "email": {"payer@example.com"}, "card_number": {number},
		"card_expiry": {"12 / 40"}, "card_cvc": {"123"}, "name": {"Pat Payer"},
	}
}

// checkout opens a session's page and submits it with a card. more are fields
// and values to change in the form.
func (b *stand) checkout(s *stripe.CheckoutSession, number string, more ...string) shown {
	b.t.Helper()
	form := b.visit(s.URL).fill(number)
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return b.post(s.URL, form)
}

// eventTypes are the types of all events, oldest first.
func (b *stand) eventTypes() []string {
	b.t.Helper()
	var types []string
	list := b.Events.List(&stripe.EventListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100)}})
	for list.Next() {
		types = append([]string{string(list.Event().Type)}, types...)
	}
	if list.Err() != nil {
		b.t.Fatal(list.Err())
	}
	return types
}
