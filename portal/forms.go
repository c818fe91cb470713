package portal

import (
	"net/http"
	"slices"
	"strings"

	"remit"
	"remit/portal/page"
)

// problems says what is wrong with a form, for its page: fields that the page
// has are named beside them, everything else at the top. It is false for errors
// that no change of the form would mend.
func problems(err error, fields ...string) (page.Problems, int, bool) {
	e := remit.AsError(err)
	switch e.Kind {
	case remit.KindInvalid, remit.KindMalformed, remit.KindConflict, remit.KindTooLarge, remit.KindLimited, remit.KindUnavailable,
		remit.KindDeclined: // before anything was tried: another method may do
	case remit.KindInternal, remit.KindUnauthenticated, remit.KindForbidden, remit.KindNotFound, remit.KindUnsupported:
		return page.Problems{}, 0, false
	}
	var p page.Problems
	var rest []string
	for _, f := range e.Fields {
		if known(fields, f.Field) {
			p.Fields = append(p.Fields, f)
		} else {
			rest = append(rest, f.Message)
		}
	}
	if p.Message = strings.Join(rest, " "); !p.Any() {
		p.Message = e.Message
	}
	return p, statusOf(e.Kind), true
}

// known takes "lines[]" for any line's fields.
func known(fields []string, field string) bool {
	return slices.ContainsFunc(fields, func(f string) bool {
		return f == field || strings.HasSuffix(f, "[]") && strings.HasPrefix(field, strings.TrimSuffix(f, "]"))
	})
}

// wrong is an error of one field that a page found itself.
func wrong(field, message string) error { return remit.Invalid(field, "%s", message) }

// Prefixes of fields that carry what somebody typed over a sign-in.
const (
	keptTo    = "kept-to"
	keptField = "kept."
)

// secretFields are typed again after a sign-in: a secret never comes back.
var secretFields = []string{"password", "current", "code", "secret_key", "webhook_secret", "account_number", "key"}

// kept is what was sent, as hidden fields of the page that interrupts it.
func (v *visit) kept() []page.Option {
	form := v.gin.Request.PostForm
	if form.Has(keptTo) { // on its way through several pages
		var list []page.Option
		for name, values := range form {
			if name == keptTo || strings.HasPrefix(name, keptField) {
				for _, value := range values {
					list = append(list, page.Option{Value: name, Label: value})
				}
			}
		}
		return list
	}
	if v.gin.Request.Method != http.MethodPost || strings.HasPrefix(v.gin.ContentType(), "multipart/") || slices.ContainsFunc([]string{"password", "secret_key"}, form.Has) {
		return nil
	}
	list := []page.Option{{Value: keptTo, Label: v.path()}}
	for name, values := range form {
		if slices.Contains(secretFields, name) {
			continue
		}
		for _, value := range values {
			list = append(list, page.Option{Value: keptField + name, Label: value})
		}
	}
	return list
}

// onward goes on after a sign-in or a confirmation: to the page somebody was
// on his way to, or to the question whether to send what was kept.
func (v *visit) onward() error {
	if to := v.gin.Request.PostForm.Get(keptTo); local(to) {
		resume := page.Resume{Shell: v.shell("Send what you typed?", "narrow"), Action: to, Fields: []page.Option{{Value: "key", Label: newKey()}}}
		for name, values := range v.gin.Request.PostForm {
			field, isKept := strings.CutPrefix(name, keptField)
			for _, value := range values {
				if isKept {
					resume.Fields = append(resume.Fields, page.Option{Value: field, Label: value})
				}
			}
		}
		return v.show(http.StatusOK, page.ResumePage(resume))
	}
	if next := v.typed("next"); local(next) {
		return v.goTo(next, "")
	}
	return v.goTo("/", "")
}

// local reports whether an address leads nowhere but to this site.
func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}

// lines splits a field that takes one thing a line.
func lines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}
