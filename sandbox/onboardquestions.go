package sandbox

import (
	"slices"
	"strings"
)

var businessTypes = []fieldOption{{"individual", "Individual or sole proprietor"}, {"company", "Company"}, {"non_profit", "Nonprofit organization"}}

// industries are a few of the codes by which cards know businesses.
var industries = []fieldOption{
	{"7392", "Consulting and business services"}, {"1520", "General contractors"}, {"5734", "Software"},
	{"8999", "Professional services"}, {"7210", "Laundry and cleaning"}, {"5999", "Retail"},
}

func businessQuestions(*account) []onboardField {
	return []onboardField{
		{
			name: "business_type", label: "Type of business", options: businessTypes, requirement: "business_type",
			check: among(businessTypes), value: func(_ *tx, a *account) string { return deref(a.BusinessType) },
			set: func(_ *tx, a *account, _ *accountSetup, value string) { a.BusinessType = &value },
		},
		{
			name: "business_name", label: "Name of the business", autocomplete: "organization",
			value: func(_ *tx, a *account) string { return deref(a.BusinessProfile.Name) },
			set: func(_ *tx, a *account, _ *accountSetup, value string) {
				a.BusinessProfile.Name, a.Settings.Dashboard.DisplayName = &value, &value
				descriptor := statementWords(value)
				a.Settings.Payments.Descriptor, a.Settings.CardPayments.Prefix = &descriptor, &descriptor
			},
		},
		{
			name: "mcc", label: "Industry", options: industries, requirement: "business_profile.mcc", check: among(industries),
			value: func(_ *tx, a *account) string { return deref(a.BusinessProfile.MCC) },
			set:   func(_ *tx, a *account, _ *accountSetup, value string) { a.BusinessProfile.MCC = &value },
		},
		{
			name: "url", label: "Website", kind: "text", autocomplete: "url", requirement: "business_profile.url", check: checkURL,
			value: func(_ *tx, a *account) string { return deref(a.BusinessProfile.URL) },
			set:   func(_ *tx, a *account, _ *accountSetup, value string) { a.BusinessProfile.URL = &value },
		},
	}
}

// statementWords is a business's name as it is on statements: 22 letters.
func statementWords(name string) string {
	words := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`<>\'"*`, r) {
			return -1
		}
		return r
	}, strings.ToUpper(name))
	if words = strings.TrimSpace(words[:min(22, len(words))]); len(words) < 5 {
		return "SANDBOX"
	}
	return words
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func among(options []fieldOption) func(string) string {
	return func(value string) string {
		if !slices.ContainsFunc(options, func(o fieldOption) bool { return o.Value == value }) {
			return "Choose one of these."
		}
		return ""
	}
}

func companyQuestions(*account) []onboardField {
	return slices.Concat([]onboardField{
		{name: "company_name", label: "Registered name", autocomplete: "organization", requirement: "company.name"},
		{name: "tax_id", label: "Employer identification number (EIN)", requirement: "company.tax_id", secret: true, check: checkTaxID, set: given("company.tax_id")},
		{name: "company_phone", label: "Telephone", kind: "tel", autocomplete: "tel", requirement: "company.phone"},
	}, addressQuestions("company", "company_"))
}

func addressQuestions(owner, prefix string) []onboardField {
	return []onboardField{
		{name: prefix + "line1", label: "Address", autocomplete: "address-line1", requirement: owner + ".address.line1"},
		{name: prefix + "city", label: "City", autocomplete: "address-level2", requirement: owner + ".address.city"},
		{name: prefix + "state", label: "State", autocomplete: "address-level1", requirement: owner + ".address.state", half: true, check: checkState},
		{name: prefix + "postal_code", label: "ZIP code", autocomplete: "postal-code", requirement: owner + ".address.postal_code", half: true, check: checkPostal},
	}
}

// given keeps only that a number was given.
func given(requirement string) func(*tx, *account, *accountSetup, string) {
	return func(_ *tx, _ *account, s *accountSetup, _ string) { s.say(requirement, "given") }
}

func personQuestions(a *account) []onboardField {
	who := a.person()
	all := []onboardField{
		{name: "first_name", label: "First name", autocomplete: "given-name", requirement: who + ".first_name", half: true},
		{name: "last_name", label: "Last name", autocomplete: "family-name", requirement: who + ".last_name", half: true},
		{name: "email", label: "E-mail", kind: "email", autocomplete: "email", requirement: who + ".email", check: checkEmail},
		{name: "phone", label: "Telephone", kind: "tel", autocomplete: "tel", requirement: who + ".phone"},
		{
			name: "dob", label: "Date of birth", kind: "date", autocomplete: "bday", requirement: who + ".dob.day", check: checkBirth,
			set: func(_ *tx, a *account, s *accountSetup, value string) {
				for _, part := range []string{"day", "month", "year"} {
					s.say(a.person()+".dob."+part, value)
				}
			},
		},
	}
	if a.isCompany() {
		all = append(all, onboardField{name: "title", label: "Your title there", autocomplete: "organization-title", requirement: "representative.relationship.title"})
	}
	return append(append(all, addressQuestions(who, "")...), onboardField{
		name: "id_number", label: "Social security number, or its last four digits", requirement: who + ".ssn_last_4", secret: true, check: checkIDNumber,
		set: func(_ *tx, a *account, s *accountSetup, value string) {
			s.say(a.person()+".ssn_last_4", "given")
			s.Doubtful = keepDigits(value) == "111111111" || keepDigits(value) == "1111"
		},
	})
}

func bankQuestions(*account) []onboardField {
	return []onboardField{
		{name: "routing_number", label: "Routing number", check: checkRouting, requirement: "external_account", secret: true, set: func(*tx, *account, *accountSetup, string) {}},
		{name: "account_number", label: "Account number", check: checkBankNumber, requirement: "external_account", secret: true, set: func(t *tx, _ *account, s *accountSetup, value string) {
			s.say("external_account", "given")
			t.replaceBank(value)
		}},
	}
}

// replaceBank makes a bank the one that payouts go to, in place of what was
// typed before the form was submitted: nothing was ever paid out there.
func (t *tx) replaceBank(number string) *bankAccount {
	for _, b := range t.banksOf(t.world.id) {
		was := *b
		t.remove(bankAccounts, was.ID)
		t.emit("account.external_account.deleted", &was)
	}
	b := t.newBankAccount(number)
	t.put(b)
	t.emit("account.external_account.created", b)
	return b
}

// summary is what the last page repeats.
func (t *tx) summary(a *account) []lineView {
	said, who := a.Kept.Setup.Said, a.person()
	lines := []lineView{
		{Description: "Business", Amount: deref(a.BusinessProfile.Name)},
		{Description: "Website", Amount: deref(a.BusinessProfile.URL)},
		{Description: "Person", Amount: strings.TrimSpace(said[who+".first_name"] + " " + said[who+".last_name"])},
	}
	for _, b := range t.banksOf(a.ID) {
		lines = append(lines, lineView{Description: "Bank account", Amount: b.BankName + " •••• " + b.Last4})
	}
	return lines
}
