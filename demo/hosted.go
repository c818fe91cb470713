package demo

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// pageWithin bounds a step on a hosted page.
const pageWithin = 30 * time.Second

// attemptField is the field by which a hosted page knows a form that was sent
// twice.
var attemptField = regexp.MustCompile(`name="attempt" value="([^"]*)"`)

// typeCard fills in the stand-in's hosted page and sends it, as its payer would
// in a browser. The page then leads back to Remit.
func (s *seeder) typeCard(ctx context.Context, page string, d debtor, number string) error {
	ctx, cancel := context.WithTimeout(ctx, pageWithin)
	defer cancel()
	shown, err := visit(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	attempt := attemptField.FindSubmatch(shown.body)
	if shown.status != http.StatusOK || attempt == nil {
		return fmt.Errorf("the hosted page answered %d without its form", shown.status)
	}
	form := url.Values{
		"attempt": {html.UnescapeString(string(attempt[1]))}, "email": {d.email}, "name": {d.person}, "card_number": {number},
		"card_expiry": {fmt.Sprintf("12 / %02d", (s.day.StartIn(time.UTC).Year()+3)%100)}, "card_cvc": {"1234"[:cvcLength(number)]},
	}
	sent, err := visit(ctx, http.MethodPost, page, form)
	if err != nil {
		return err
	}
	if sent.status != http.StatusSeeOther {
		return fmt.Errorf("the hosted page answered %d to the card", sent.status)
	}
	return nil
}

// cvcLength is 4 for American Express and 3 for all others.
func cvcLength(number string) int {
	if strings.HasPrefix(number, "3") {
		return 4
	}
	return 3
}

// shownPage is what a browser without script sees.
type shownPage struct {
	status int
	body   []byte
}

func visit(ctx context.Context, verb, page string, form url.Values) (shownPage, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, verb, page, body)
	if err != nil {
		return shownPage{}, fmt.Errorf("hosted page: %w", err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Do(request)
	if err != nil {
		return shownPage{}, fmt.Errorf("hosted page: %w", err)
	}
	const most = 1 << 20
	content, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return shownPage{}, fmt.Errorf("hosted page: %w", err)
	}
	return shownPage{response.StatusCode, content}, nil
}
