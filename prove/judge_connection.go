package prove

import "fmt"

// nothingWhileCut: once access to the account was given up, and until it was connected
// again, nobody was charged there by a confirm that began then; where it was given up
// in good order, nobody was charged at all.
func (j *judgement) nothingWhileCut() {
	for _, c := range j.Cuts {
		if c.orderly && len(c.charged) > 0 {
			j.sayf("the account was disconnected in good order from %s to %s, and charged meanwhile: %q", c.from, c.until, c.charged)
		}
		for _, a := range j.Attempts {
			if a.ConfirmAt != nil && a.Succeeded && a.ConfirmAt.After(c.from) && a.ConfirmAt.Before(c.until) {
				j.sayf("%s was charged at %s, and the account was disconnected from %s to %s", a.Intent, a.ConfirmAt, c.from, c.until)
			}
		}
	}
}

// connectionsTold: one connection is in force, to the account that all were to; what
// was told of each begins with a person, ends with its end if it ended, and agrees
// with how it is.
func (j *judgement) connectionsTold() {
	live, account := 0, ""
	for _, c := range j.Connections {
		if c.Live {
			live++
		}
		if account != "" && account != c.Account {
			j.sayf("two accounts were connected: %s and %s", account, c.Account)
		}
		account = c.Account
		if len(c.Told) == 0 || c.Sources[0] != "person" {
			j.sayf("the history of connection %s does not tell how it began: %q", c.ID, c.Told)
			continue
		}
		ends := 0
		for n, status := range c.Told { // what became of the access may be told after the end
			if status == "disconnected" && (n == 0 || c.Told[n-1] != "disconnected") {
				ends++
			}
		}
		last := len(c.Told) - 1
		switch {
		case c.Live && ends > 0, !c.Live && ends != 1, c.Told[last] != c.Status:
			j.sayf("connection %s is %s, and its history tells %q", c.ID, c.Status, c.Told)
		case c.Live && c.ToldOn[last] != fmt.Sprint(c.Charges, c.Payouts):
			j.sayf("connection %s has charges and payouts %t %t, and its history tells %s", c.ID, c.Charges, c.Payouts, c.ToldOn[last])
		}
	}
	if live != 1 {
		j.sayf("%d connections are in force", live)
	}
	j.wrong = append(j.wrong, j.Founded...)
}
