package sandbox

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// formField is one field of a hosted page's form.
type formField struct {
	Name, Label, Type, Value  string
	Autocomplete, Placeholder string
	Error                     string
	ID                        string        // "" where the name is alone on its page
	Options                   []fieldOption // to choose from
	Half, Numeric, Fixed      bool
}

type fieldOption struct{ Value, Label string }

// cardForm is what a person typed into a page. The number and the CVC live
// only as long as the request.
type cardForm struct {
	Email, Name, Number, CVC string
	Month, Year              int64
	Save                     bool
	Method                   string            // which of the page's forms it is, "" is the card's
	errors                   map[string]string // by field
}

// readCardForm reads and judges a form; today is the account's date. What is
// wrong is in errors.
func readCardForm(values url.Values, today time.Time) *cardForm {
	f := &cardForm{
		Email:  strings.TrimSpace(values.Get("email")),
		Name:   strings.TrimSpace(values.Get("name")),
		Number: keepDigits(values.Get("card_number")),
		CVC:    strings.TrimSpace(values.Get("card_cvc")),
		Save:   values.Get("save") == "yes",
		errors: map[string]string{},
	}
	f.judgeEmail()
	if f.Name == "" {
		f.errors["name"] = "Enter the name on the card."
	}
	switch {
	case len(f.Number) < 12:
		f.errors["card_number"] = "Your card number is incomplete."
	case len(f.Number) > 19 || !luhn(f.Number):
		f.errors["card_number"] = "Your card number is invalid."
	}
	f.readExpiry(values.Get("card_expiry"), today)
	if digits := keepDigits(f.CVC); digits != f.CVC || len(digits) < 3 || len(digits) > 4 {
		f.errors["card_cvc"] = "Your card's security code is incomplete."
	}
	return f
}

func (f *cardForm) judgeEmail() {
	switch {
	case f.Email == "":
		f.errors["email"] = "Enter your email address."
	case !plausibleEmail(f.Email):
		f.errors["email"] = "This email address is incomplete."
	}
}

// readExpiry takes MM / YY, MM/YYYY and MMYY.
func (f *cardForm) readExpiry(text string, today time.Time) {
	month, year, split := strings.Cut(text, "/")
	if digits := keepDigits(text); !split && len(digits) >= 4 {
		month, year = digits[:2], digits[2:]
	}
	var err1, err2 error
	f.Month, err1 = strconv.ParseInt(strings.TrimSpace(month), 10, 64)
	f.Year, err2 = strconv.ParseInt(strings.TrimSpace(year), 10, 64)
	if f.Year < 100 {
		f.Year += 2000
	}
	switch {
	case err1 != nil || err2 != nil || f.Month < 1 || f.Month > 12 || f.Year < 2000 || f.Year > 2099:
		f.errors["card_expiry"] = "Your card's expiration date is incomplete."
	case f.Year < int64(today.Year()) || f.Year == int64(today.Year()) && f.Month < int64(today.Month()):
		f.errors["card_expiry"] = "Your card's expiration date is in the past."
	}
}

// fields are the form to show, with what is safe to show again.
func (f *cardForm) fields(emailFixed bool) []formField {
	fields := []formField{
		{Name: "email", Label: "Email", Type: "email", Value: f.Email, Autocomplete: "email", Fixed: emailFixed},
		{Name: "card_number", Label: "Card number", Type: "text", Autocomplete: "cc-number", Placeholder: "1234 1234 1234 1234", Numeric: true},
		{Name: "card_expiry", Label: "Expiry date", Type: "text", Autocomplete: "cc-exp", Placeholder: "MM / YY", Half: true},
		{Name: "card_cvc", Label: "CVC", Type: "text", Autocomplete: "cc-csc", Placeholder: "CVC", Half: true, Numeric: true},
		{Name: "name", Label: "Name on card", Type: "text", Value: f.Name, Autocomplete: "cc-name"},
	}
	for i := range fields {
		fields[i].Error = f.errors[fields[i].Name]
	}
	return fields
}

func keepDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}
