package remit

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The grammar of permissions is closed: what is not in it is refused rather
// than stored as a permission that matches nothing, or everything.
func TestParseScope(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want Scope // zero: refused
	}{
		{"stripe=pay", StripePay},
		{"stripe=*", StripeAll},
		{"*=*", Everything},
		{"work-item_2=do-it", Scope{"work-item_2", "do-it"}},
		{"workflow=role('Invoice Payers')", Scope{"workflow", "role('Invoice Payers')"}},
		{"workflow=role('a=b')", Scope{"workflow", "role('a=b')"}},
		{"workflow=role('O''Brien')", Scope{"workflow", "role('O''Brien')"}},
		{"workflow=role('''')", Scope{"workflow", "role('''')"}},
		{"workflow=role('a,b')", Scope{"workflow", "role('a,b')"}},
		{"workflow=role('e\u0301')", Scope{"workflow", "role('\u00e9')"}},
		{"", Scope{}},
		{"=", Scope{}},
		{"stripe", Scope{}},
		{"stripe=", Scope{}},
		{"=pay", Scope{}},
		{"*=pay", Scope{}},
		{"*", Scope{}},
		{"stripe=**", Scope{}},
		{"stripe=pay=now", Scope{}},
		{"Stripe=pay", Scope{}},
		{"stripe=Pay", Scope{}},
		{" stripe=pay", Scope{}},
		{"stripe=pay ", Scope{}},
		{"stripe=pay\n", Scope{}},
		{"2stripe=pay", Scope{}},
		{"workflow=role(Invoice Payers)", Scope{}},
		{"workflow=role('')", Scope{}},
		{"workflow=role(')", Scope{}},
		{"workflow=role('O'Brien')", Scope{}},
		{"workflow=role('a')b')", Scope{}},
		{"workflow=role('a') ", Scope{}},
		{"workflow=Role('a')", Scope{}},
		{"workflow=role('a\x00')", Scope{}},
		{"workflow=role('a\u202e')", Scope{}},
		{"workflow=role(' a')", Scope{}},
		{"workflow=role('\xff')", Scope{}},
		{"workflow=role('" + strings.Repeat("é", 100) + "')", RoleScope(strings.Repeat("é", 100))},
		{"workflow=role('" + strings.Repeat("é", 101) + "')", Scope{}},
		{strings.Repeat("a", 51) + "=pay", Scope{}},
		{"stripe=" + strings.Repeat("a", 51), Scope{}},
	}
	for _, tt := range tests {
		got, err := ParseScope(tt.in)
		if got != tt.want || (err == nil) != (tt.want != Scope{}) {
			t.Errorf("ParseScope(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
		if err != nil && (!IsCode(err, CodeInvalid) || AsError(err).Fields[0].Field != "scope") {
			t.Errorf("ParseScope(%q): error %#v does not name the field scope", tt.in, err)
		}
	}
}

// Every permission Remit asks for can be written down by people and is what
// they wrote.
func TestKnownScopesParse(t *testing.T) {
	t.Parallel()
	for _, scope := range KnownScopes() {
		if got, err := ParseScope(scope.String()); err != nil || got != scope {
			t.Errorf("ParseScope(%q) = %v, %v", scope, got, err)
		}
		if err := scope.Validate(); err != nil {
			t.Errorf("%v: %v", scope, err)
		}
	}
}

// A role's scope survives writing and reading whatever the role is called, so
// no name can stand for another role.
func TestRoleScopeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Za-zäß'=,()"]([A-Za-zäß'=,()" ]{0,30}[A-Za-zäß'=,()"])?`).Draw(t, "name")
		scope, err := ParseScope(RoleScope(name).String())
		if err != nil || scope != RoleScope(name) {
			t.Fatalf("ParseScope(%q) = %v, %v", RoleScope(name), scope, err)
		}
		if got, ok := scope.Role(); !ok || got != name {
			t.Fatalf("Role() = %q, %v, want %q", got, ok, name)
		}
	})
}

// "*" stands for any action or for everything, and for nothing in between;
// a narrow permission never covers a wide one.
func TestScopeCovers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		have, want Scope
		covers     bool
	}{
		{Everything, StripePay, true},
		{Everything, Everything, true},
		{StripeAll, StripePay, true},
		{StripeAll, StripeAll, true},
		{StripeAll, InvoiceRead, false},
		{StripeAll, Everything, false},
		{StripePay, StripeAll, false},
		{StripePay, StripePay, true},
		{StripeView, StripeRead, false},
		{Scope{"workflow", "*"}, RoleScope("Invoice Payers"), true},
		{RoleScope("Invoice Payers"), RoleScope("Invoice payers"), false},
	}
	for _, tt := range tests {
		if got := tt.have.Covers(tt.want); got != tt.covers {
			t.Errorf("%v covers %v = %v", tt.have, tt.want, got)
		}
	}
}

// A scope put together by hand is caught before it is asked about: the zero
// Scope would otherwise be granted to whoever holds everything.
func TestScopeValidate(t *testing.T) {
	t.Parallel()
	for _, scope := range []Scope{{}, {"*", "pay"}, {"stripe", ""}, {"", "pay"}, {"stripe", "role('a'b')"}, {"a=b", "c"}, {"workflow", "role('e\u0301')"}} {
		if scope.Validate() == nil {
			t.Errorf("%#v passed", scope)
		}
	}
}

// Roles and tokens carry permissions through JSON as the strings people know.
func TestScopeJSON(t *testing.T) {
	t.Parallel()
	var scopes []Scope
	if err := json.Unmarshal([]byte(`["stripe=pay","workflow=role('Invoice Payers')"]`), &scopes); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(scopes)
	if err != nil || len(scopes) != 2 || scopes[0] != StripePay || !strings.Contains(string(out), "stripe=pay") {
		t.Errorf("%v, %s, %v", scopes, out, err)
	}
	if err := json.Unmarshal([]byte(`["stripe"]`), &scopes); err == nil {
		t.Error("stripe alone was taken")
	}
}

// A role's name is what people see: nothing invisible tells two roles apart.
func TestParseRoleName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"R", "Invoice Payers", "O'Brien", "Zahlungsprüfer", "a/b, \"c\"", strings.Repeat("x", 100), "می\u200cخواهم"} {
		if got, err := ParseRoleName(name); err != nil || got != name {
			t.Errorf("ParseRoleName(%q) = %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", " ", " a", "a ", "a\tb", "a\x7f", "a\u200bb", "\ufeffa", "a\u2028b", "\xff", strings.Repeat("x", 101), strings.Repeat("x", 1<<20)} {
		if _, err := ParseRoleName(name); !IsCode(err, CodeInvalid) {
			t.Errorf("ParseRoleName(%.20q) = %v", name, err)
		}
	}
	if got, err := ParseRoleName("Pru\u0308fer"); err != nil || got != "Pr\u00fcfer" {
		t.Errorf("not normalised: %q, %v", got, err)
	}
}
