package invoicefile

import "strings"

// Text is a text as it may stand in an exported CSV field. One that a
// spreadsheet would take for a formula gets an apostrophe before it. Numbers,
// amounts and dates are not texts and do not pass through here, or -5.00 would
// stop being a number. Source: OWASP, CSV Injection.
func Text(s string) string {
	if s != "" && strings.IndexByte("=+-@\t\r\x00", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
