package remit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// NoticeText is what is written on an occasion: a subject and paragraphs in plain
// text, with places like {{number}} that are filled in. There is nothing else to it:
// no conditions, no code. A paragraph of which nothing is left is left out.
type NoticeText struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// Bounds of a text, in characters.
const (
	MaxNoticeSubject = 200
	MaxNoticeText    = 5000
)

// NoticeField is a place that a text may have.
type NoticeField struct{ Name, Means string }

// NoticeFields lists them.
func NoticeFields() []NoticeField {
	return []NoticeField{
		{"number", "the invoice's number"}, {"seller", "who issued it"}, {"customer", "who is to pay it"},
		{"amount", "what the notice is about: what was charged, or will be"}, {"left", "what is left to pay"}, {"due", "the due date"},
		{"day", "the day it is about: of the charge, or the promise"}, {"method", "the card or account, as in Visa ending in 4242"},
		{"fee", "what of the amount is a card fee, as a sentence, where one is passed on"}, {"reason", "why a payment failed, in words fit for the reader"}, {"next", "what happens now, as a sentence"},
		{"bank_transfer", "how to pay by bank transfer, where that is offered"}, {"contact", "whom to ask"},
	}
}

// DefaultNoticeText is what is written where an organisation has no text of its own.
func DefaultNoticeText(o Occasion) NoticeText {
	switch o {
	case OccasionAnnounced:
		return NoticeText{"{{seller}} will charge {{amount}} on {{day}}", "{{seller}} will charge {{amount}} for invoice {{number}} on {{day}}, by {{method}}.\n\n{{fee}}\n\n{{reason}}\n\nYou need not do anything. You can also pay now, or change what is charged, before that day.\n\nIs something wrong with the invoice? Ask {{seller}} to put it on hold before {{day}}.\n\n{{contact}}"}
	case OccasionExpires:
		return NoticeText{"Your card expires before {{day}}", "{{seller}} will charge {{amount}} for invoice {{number}} on {{day}}, but your {{method}} will have expired by then.\n\nPlease add a new card, or pay another way before that day.\n\n{{contact}}"}
	case OccasionPaid:
		return NoticeText{"Receipt from {{seller}}: {{amount}} paid", "{{seller}} has received {{amount}} for invoice {{number}}, by {{method}}, on {{day}}.\n\n{{fee}}\n\n{{next}}\n\n{{contact}}"}
	case OccasionFailed:
		return NoticeText{"Your payment of {{amount}} to {{seller}} failed", "The payment of {{amount}} for invoice {{number}} by {{method}} did not go through. {{reason}}\n\n{{next}}\n\n{{bank_transfer}}\n\n{{contact}}"}
	case OccasionFailedSeller:
		return NoticeText{"A payment of {{amount}} by {{customer}} failed", "The payment of {{amount}} for invoice {{number}} of {{customer}} by {{method}} failed. {{reason}}\n\n{{next}}"}
	case OccasionEnded:
		return NoticeText{"Please pay invoice {{number}} another way", "The payment of {{amount}} for invoice {{number}} by {{method}} did not go through, and it will not be tried again. {{reason}}\n\nPlease pay {{left}} another way.\n\n{{bank_transfer}}\n\n{{contact}}"}
	case OccasionEndedSeller:
		return NoticeText{"ACT: {{customer}} has not paid invoice {{number}}, {{left}}", "The last try to charge {{customer}} {{amount}} for invoice {{number}} failed. {{reason}}\n\nNothing more happens by itself. {{left}} is open: ask {{customer}} for another way to pay."}
	case OccasionAsks:
		return NoticeText{"ACT: shall invoice {{number}} of {{customer}} be charged?", "{{left}} for invoice {{number}} of {{customer}} was to be charged by itself, but is not. {{reason}}\n\nOpen the invoice and say whether it is charged."}
	case OccasionLocked:
		return NoticeText{"Your {{method}} cannot be debited any more", "Your {{method}} is not debited again for {{seller}}. {{reason}}\n\n{{left}} for invoice {{number}} is still to be paid. Please pay another way, or add an account.\n\n{{bank_transfer}}\n\n{{contact}}"}
	case OccasionReminder:
		return NoticeText{"Invoice {{number}} from {{seller}}: {{left}}, due {{due}}", "{{next}}\n\n{{bank_transfer}}\n\nIf you have paid in the last days, there is nothing to do.\n\n{{contact}}"}
	case OccasionPromise:
		return NoticeText{"{{customer}} has not kept a promise: invoice {{number}}, {{left}}", "{{customer}} promised to pay invoice {{number}} by {{day}}. That day has passed, and {{left}} is still open.\n\n{{reason}}\n\n{{next}}"}
	}
	return NoticeText{}
}

// Check gives a text as it is kept. The error names the field "subject" or "text",
// and the place in it that there is not.
func (t NoticeText) Check() (NoticeText, error) {
	t.Subject = strings.TrimSpace(norm.NFC.String(t.Subject))
	t.Text = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(t.Text)))
	switch {
	case t.Subject == "" || utf8.RuneCountInString(t.Subject) > MaxNoticeSubject:
		return t, Invalid("subject", "A subject has 1 to %d characters.", MaxNoticeSubject)
	case strings.ContainsFunc(t.Subject, Unseen):
		return t, Invalid("subject", "A subject is one line.")
	case t.Text == "" || utf8.RuneCountInString(t.Text) > MaxNoticeText:
		return t, Invalid("text", "A text has 1 to %d characters.", MaxNoticeText)
	case strings.ContainsFunc(t.Text, func(r rune) bool { return r != '\n' && Unseen(r) }):
		return t, Invalid("text", "A text holds a character that cannot be seen.")
	}
	for field, text := range map[string]string{"subject": t.Subject, "text": t.Text} {
		if _, err := fill(text, nil); err != nil {
			return t, Invalid(field, "This cannot be filled in: %s.", err)
		}
	}
	return t, nil
}

// Fill puts what a notice is about into the places of its text.
func (t NoticeText) Fill(values map[string]string) (subject, text string, err error) {
	if subject, err = fill(t.Subject, values); err != nil {
		return "", "", err
	}
	var paragraphs []string
	for paragraph := range strings.SplitSeq(t.Text, "\n\n") {
		filled, err := fill(paragraph, values)
		if err != nil {
			return "", "", err
		}
		if filled = strings.TrimSpace(filled); filled != "" {
			paragraphs = append(paragraphs, filled)
		}
	}
	return oneLine(strings.TrimSpace(subject)), strings.Join(paragraphs, "\n\n") + "\n", nil
}

// fill replaces each {{field}}. What is put in is not looked at again, so that no
// customer's name is taken for a place.
func fill(text string, values map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{")
		out.WriteString(before)
		if !found {
			if strings.Contains(before, "}}") {
				return "", errors.New("a place to fill in ends with }} but does not begin: write {{number}}")
			}
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return "", errors.New("a place to fill in begins with {{ but does not end: write {{number}}")
		}
		name = strings.TrimSpace(name)
		if !slices.ContainsFunc(NoticeFields(), func(f NoticeField) bool { return f.Name == name }) {
			return "", fmt.Errorf("there is no {{%s}}", name)
		}
		out.WriteString(values[name])
		text = after
	}
}
