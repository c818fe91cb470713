package remit

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const guideLine = `<Assignee name="Invoice payers" path="/dev-v51/Branch A" type="UNIT" scope="workflow=role('Invoice Payers')">`

// The guide's own line is read in every form people paste it, and written back
// as it was.
func TestParseAssigneeReadsTheGuidesLine(t *testing.T) {
	t.Parallel()
	want := Assignee{"Invoice payers", pathOf(t, "/dev-v51/Branch A"), "UNIT", RoleScope("Invoice Payers")}
	open := strings.TrimSuffix(guideLine, ">")
	for _, line := range []string{
		guideLine, open + "/>", open + " />", guideLine + "</Assignee>", guideLine + "\n</Assignee >\n", "\t" + guideLine + "\r\n",
		`<Assignee scope='workflow=role(&apos;Invoice Payers&apos;)' type = "UNIT" path="/dev-v51/Branch A"` + "\n" + `name="Invoice payers">`,
		`<Assignee name="Invoice payers" path="/dev-v51/Branch&#x20;A" type="UNIT" scope="workflow=role(&#39;Invoice Payers&#39;)">`,
	} {
		got, err := ParseAssignee(line)
		if err != nil || got != want {
			t.Errorf("%s\n= %+v, %v", line, got, err)
		}
	}
	if got := want.String(); got != guideLine {
		t.Errorf("written as %s", got)
	}
}

// What is wrong with a line is refused by the attribute's name and in words,
// because the person who pasted it has to mend it.
func TestParseAssigneeRefuses(t *testing.T) {
	t.Parallel()
	with := func(old, new string) string { return strings.Replace(guideLine, old, new, 1) }
	tests := []struct{ line, field, reason string }{
		{"", "xml", "one <Assignee"},
		{"<Assignee", "xml", "one <Assignee"},
		{"<Assignee>", "name", "needs the attribute name"},
		{"<Assignees " + guideLine[10:], "xml", "one <Assignee"},
		{"<assignee " + guideLine[10:], "xml", "one <Assignee"},
		{"<x:Assignee " + guideLine[10:], "xml", "one <Assignee"},
		{"<!DOCTYPE a [<!ENTITY b \"c\">]>" + guideLine, "xml", "one <Assignee"},
		{"<?xml version=\"1.0\"?>" + guideLine, "xml", "one <Assignee"},
		{"<!-- a -->" + guideLine, "xml", "one <Assignee"},
		{"\xef\xbb\xbf" + guideLine, "xml", "one <Assignee"},
		{guideLine + "text", "xml", "after the tag"},
		{guideLine + "<b/>", "xml", "after the tag"},
		{guideLine + "text</Assignee>", "xml", "after the tag"},
		{guideLine + "</Assignee>" + guideLine, "xml", "after the tag"},
		{guideLine + guideLine, "xml", "after the tag"},
		{strings.TrimSuffix(guideLine, ">") + "/></Assignee>", "xml", "after the tag"},
		{strings.TrimSuffix(guideLine, ">"), "xml", "at its end"},
		{guideLine + strings.Repeat(" ", 4<<10), "xml", "longer than 4096"},
		{with("UNIT", "\xff"), "xml", "UTF-8"},
		{with(` type="UNIT"`, ` type="UNIT"extra="1"`), "xml", "before"},
		{with(`type="UNIT"`, `type="UNIT" type="UNIT"`), "type", "twice"},
		{with(`type="UNIT"`, `type="UNIT" role="x"`), "role", "unknown"},
		{with(`type="UNIT"`, `type="UNIT" xmlns="x"`), "xmlns", "unknown"},
		{with(`type="UNIT"`, `Type="UNIT"`), "Type", "unknown"},
		{with(`type="UNIT"`, `type="USER"`), "type", "must be UNIT"},
		{with(`type="UNIT"`, `type=UNIT`), "type", "quotation marks"},
		{with(`type="UNIT"`, `type`), "type", "quotation marks"},
		{with(` type="UNIT"`, ``), "type", "needs the attribute type"},
		{with(`name="Invoice payers"`, `name="&lol;"`), "name", "entity"},
		{with(`name="Invoice payers"`, `name="a & b"`), "name", "bare"},
		{with(`name="Invoice payers"`, `name="a &"`), "name", "bare"},
		{with(`name="Invoice payers"`, `name="&#0;"`), "name", "entity"},
		{with(`name="Invoice payers"`, `name="&#xD800;"`), "name", "entity"},
		{with(`name="Invoice payers"`, `name="&#-5;"`), "name", "entity"},
		{with(`name="Invoice payers"`, `name="a<b"`), "name", "&lt;"},
		{with(`name="Invoice payers"`, `name="a`+"\n"+`b"`), "name", "control"},
		{with(`name="Invoice payers"`, `name=""`), "name", "empty"},
		{with(`name="Invoice payers"`, `name="`+strings.Repeat("x", 101)+`"`), "name", "100"},
		{with("/dev-v51/Branch A", "/dev-v51/../x"), "path", "segment"},
		{with("/dev-v51/Branch A", ""), "path", "must begin"},
		{with("/dev-v51/Branch A", "dev-v51"), "path", "must begin"},
		{with("workflow=role('Invoice Payers')", "stripe=pay"), "scope", "role('…')"},
		{with("workflow=role('Invoice Payers')", "workflow=*"), "scope", "role('…')"},
		{with("workflow=role('Invoice Payers')", "*=*"), "scope", "role('…')"},
		{with("workflow=role('Invoice Payers')", "stripe=role('a')"), "scope", "role('…')"},
		{with("workflow=role('Invoice Payers')", "workflow=role('O'Brien')"), "scope", "doubled"},
		{strings.TrimSuffix(guideLine, `">`) + ">", "scope", "at its end"},
	}
	for _, tt := range tests {
		got, err := ParseAssignee(tt.line)
		if err == nil || got != (Assignee{}) {
			t.Errorf("%.140s: taken as %+v", tt.line, got)
			continue
		}
		fields := AsError(err).Fields
		if len(fields) == 0 || fields[0].Field != tt.field || !strings.Contains(fields[0].Message, tt.reason) {
			t.Errorf("%.140s: %+v, want %s: …%s…", tt.line, fields, tt.field, tt.reason)
		}
	}
}

// A form shows everything that is wrong with an assignee at once.
func TestAssigneeFromFields(t *testing.T) {
	t.Parallel()
	got, err := AssigneeFromFields("Invoice payers", "/dev-v51/Branch A", "UNIT", "workflow=role('Invoice Payers')")
	if err != nil || got.String() != guideLine {
		t.Errorf("%v, %v", got, err)
	}
	_, err = AssigneeFromFields("", "x", "unit", "stripe=pay")
	var fields []string
	for _, field := range AsError(err).Fields {
		fields = append(fields, field.Field)
	}
	if strings.Join(fields, " ") != "name path type scope" || !IsCode(err, CodeInvalid) {
		t.Errorf("fields %v, %v", fields, err)
	}
}

// A line without a path, and an invoice without a line, mean the invoice's own
// path; a path that is written stays.
func TestAssigneeForAnInvoice(t *testing.T) {
	t.Parallel()
	branch, other := pathOf(t, "/t/Branch A"), pathOf(t, "/t/Branch B")
	line, err := ParseAssignee(`<Assignee name="Clerks" type="UNIT" scope="workflow=role('Clerks')">`)
	if err != nil || !line.Path.IsZero() || line.For(branch).Path != branch || line.For(branch).For(other).Path != branch {
		t.Errorf("%+v, %v", line, err)
	}
	if got := DefaultAssignee(branch); got.Path != branch || got.Scope != RoleScope("Invoice Payers") {
		t.Errorf("default %+v", got)
	}
}

// The two forms of an assignee, fields and line, hold the same: whatever can
// be stored can be shown as a line and read again.
func TestAssigneeRoundTrip(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[A-Za-zä'"&<>;#=/,]([A-Za-zä'"&<>;#=/, ]{0,40}[A-Za-zä'"&<>;#=/,])?`)
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SampledFrom([]string{"", "/t", "/t/A & B", `/t/"<A>"`}).Draw(t, "path")
		want, err := AssigneeFromFields(text.Draw(t, "name"), path, AssigneeUnit, RoleScope(text.Draw(t, "role")).String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseAssignee(want.String())
		if err != nil || got != want {
			t.Fatalf("%s\n= %+v, %v, want %+v", want, got, err, want)
		}
		encoded, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var decoded Assignee
		if err := json.Unmarshal(encoded, &decoded); err != nil || decoded != want {
			t.Fatalf("%s = %+v, %v", encoded, decoded, err)
		}
	})
}

// Whatever is sent as a line is answered, never a panic, and what is taken
// can be written and read again.
func FuzzParseAssignee(f *testing.F) {
	f.Add(guideLine)
	f.Add(`<Assignee name='&#x41;' type="UNIT" scope="workflow=role('''')"/>`)
	f.Add("<Assignee\tname")
	f.Fuzz(func(t *testing.T, line string) {
		a, err := ParseAssignee(line)
		if err != nil {
			return
		}
		if again, err := ParseAssignee(a.String()); err != nil || again != a {
			t.Errorf("%q = %+v, then %+v, %v", line, a, again, err)
		}
	})
}
