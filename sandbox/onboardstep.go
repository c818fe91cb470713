package sandbox

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// onboardStep is one page of the form.
type onboardStep struct {
	name, heading, words string
	fields               func(a *account) []onboardField
}

// onboardField is one question of the form.
type onboardField struct {
	name, label, kind string // kind is the input's type
	autocomplete      string
	options           []fieldOption
	half, secret      bool   // a secret is never kept nor shown
	requirement       string // what it is to Stripe; "" where take has its own way
	check             func(value string) (wrong string)
	set               func(t *tx, a *account, s *accountSetup, value string) // instead of say
	value             func(t *tx, a *account) string                         // instead of what was said
}

// steps are the account's pages, in order.
func (a *account) steps() []onboardStep {
	if a.Kept.Setup.Submitted {
		return []onboardStep{{"update", "Stripe needs something more", "Please confirm what is asked for below. Documents are not uploaded here: sending the form stands for them.", noFields}}
	}
	all := []onboardStep{{"business", "Your business", "Stripe has to know whom it pays.", businessQuestions}}
	if a.isCompany() {
		all = append(all, onboardStep{"company", "Your company", "As it is registered.", companyQuestions})
	}
	return append(all,
		onboardStep{"person", "Your personal details", "The person who answers for the business.", personQuestions},
		onboardStep{"bank", "Your bank account", "Where your money is paid out to.", bankQuestions},
		onboardStep{"review", "Review and submit", "By submitting you agree to the Stripe Connected Account Agreement.", noFields},
	)
}

func noFields(*account) []onboardField { return nil }

// step finds a page by its name.
func (a *account) step(name string) (step *onboardStep, place, of int) {
	all := a.steps()
	for i := range all {
		if all[i].name == name {
			return &all[i], i, len(all)
		}
	}
	return nil, 0, len(all)
}

// nextStep is the first page with something left to answer.
func (a *account) nextStep() string {
	all := a.steps()
	for _, step := range all {
		for _, field := range step.fields(a) {
			if field.requirement != "" && slices.Contains(a.owed(), field.requirement) {
				return step.name
			}
		}
	}
	return all[len(all)-1].name
}

// owedBeforeSubmit is what keeps the form from being submitted: all but the
// agreement, which is the submission.
func (a *account) owedBeforeSubmit() []string {
	return slices.DeleteFunc(a.owed(), func(field string) bool { return strings.HasPrefix(field, "tos_acceptance.") })
}

// shown is the question with its answer so far.
func (f onboardField) shown(t *tx, a *account) formField {
	out := formField{
		Name: f.name, Label: f.label, Type: f.kind, Autocomplete: f.autocomplete, Options: f.options, Half: f.half,
	}
	if out.Type == "" {
		out.Type = "text"
	}
	if out.Autocomplete == "" {
		out.Autocomplete = "off"
	}
	switch {
	case f.secret:
		out.Value = ""
		if f.kept(t, a) {
			out.Placeholder = "given"
		}
	case f.value != nil:
		out.Value = f.value(t, a)
	default:
		out.Value = a.Kept.Setup.Said[f.requirement]
	}
	return out
}

// choose puts the chosen option first, which is the one that a browser shows.
func (f *formField) choose() {
	i := slices.IndexFunc(f.Options, func(o fieldOption) bool { return o.Value == f.Value })
	if i > 0 {
		chosen := f.Options[i]
		f.Options = append([]fieldOption{chosen}, slices.Delete(slices.Clone(f.Options), i, i+1)...)
	}
}

// kept says that a secret was given before, so that leaving it out keeps it.
func (f onboardField) kept(_ *tx, a *account) bool {
	return f.secret && a.Kept.Setup.Said[f.requirement] != ""
}

// take keeps an answer, or says what is wrong with it.
func (f onboardField) take(t *tx, a *account, s *accountSetup, value string) (wrong string) {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return "Please fill this in."
	case len(value) > 200:
		return "This is too long."
	}
	if f.check != nil {
		if wrong := f.check(value); wrong != "" {
			return wrong
		}
	}
	if f.set != nil {
		f.set(t, a, s, value)
		return ""
	}
	s.say(f.requirement, value)
	return ""
}

func callerIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "127.0.0.1"
	}
	return host
}

func checkEmail(value string) string {
	if !plausibleEmail(value) {
		return "Enter an e-mail address."
	}
	return ""
}

func checkURL(value string) string {
	if !isWebAddress(value) && !isWebAddress("https://"+value) {
		return "Enter the address of a website."
	}
	return ""
}

// checkBirth wants a day at least 13 years ago.
func checkBirth(value string) string {
	born, err := time.Parse(time.DateOnly, value)
	if err != nil || born.Year() < 1900 || time.Since(born) < 13*365*day {
		return "Enter a date of birth as year-month-day."
	}
	return ""
}

func checkIDNumber(value string) string {
	if n := len(keepDigits(value)); n != 4 && n != 9 {
		return "Enter the last four digits, or all nine."
	}
	return ""
}

func checkTaxID(value string) string {
	if len(keepDigits(value)) != 9 {
		return "Enter the nine digits of the EIN."
	}
	return ""
}

func checkRouting(value string) string {
	if value != testBankRouting {
		return "Enter the routing number of the test bank, 110000000."
	}
	return ""
}

func checkBankNumber(value string) string {
	if !known(testBanks, value) {
		return "Enter one of the test bank's account numbers."
	}
	return ""
}

func checkState(value string) string {
	if len(value) != 2 {
		return "Enter the two letters of the state."
	}
	return ""
}

func checkPostal(value string) string {
	if n, err := strconv.Atoi(value); err != nil || n < 0 || len(value) != 5 {
		return "Enter a ZIP code of five digits."
	}
	return ""
}
