package commands

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"remit"
)

// mailPage is the HTML of a mail: its paragraphs, a button for its link, and how to
// get no more of the kind. Everything in it is escaped where it stands.
var mailPage = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 -apple-system,'Segoe UI',Roboto,sans-serif;color:#1a1a1a;background:#fff">
<div style="max-width:560px;margin:0 auto">
{{range .Paragraphs}}<p style="margin:0 0 16px">{{range $n, $line := .}}{{if $n}}<br>{{end}}{{$line}}{{end}}</p>
{{end}}{{range .Links}}<p style="margin:24px 0"><a href="{{.At}}" style="display:inline-block;padding:12px 24px;border-radius:6px;background:#1f4fd8;color:#fff;text-decoration:none">{{.Words}}</a></p>
{{end}}{{with .Unsubscribe}}<p style="margin:32px 0 0;font-size:13px;color:#595959"><a href="{{.}}" style="color:#595959">Send me no more reminders</a></p>
{{end}}</div></body></html>
`))

// mailLink is where a mail leads.
type mailLink struct{ Words, At string }

// written is a mail as plain text and as HTML, both with its links.
func written(m remit.Mail) (text, html string, err error) {
	var links []mailLink
	if m.Invoice != nil && m.Invoice.Link != "" {
		links = append(links, mailLink{m.LinkWords(), m.Invoice.Link})
	}
	if m.BankAccount != nil {
		if m.BankAccount.Stripe != "" {
			links = append(links, mailLink{"Enter the deposits", m.BankAccount.Stripe})
		}
		links = append(links, mailLink{"Sign in and open the account", m.BankAccount.Link})
	}
	var plain strings.Builder
	plain.WriteString(strings.TrimRight(m.Body, "\n") + "\n")
	for _, link := range links {
		fmt.Fprintf(&plain, "\n%s:\n%s\n", link.Words, link.At)
	}
	if m.Unsubscribe != "" {
		fmt.Fprintf(&plain, "\nTo get no more reminders:\n%s\n", m.Unsubscribe)
	}
	var paragraphs [][]string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(m.Body), "\n\n") {
		paragraphs = append(paragraphs, strings.Split(paragraph, "\n"))
	}
	var page bytes.Buffer
	err = mailPage.Execute(&page, struct {
		Subject     string
		Paragraphs  [][]string
		Links       []mailLink
		Unsubscribe string
	}{m.Subject, paragraphs, links, m.Unsubscribe})
	return plain.String(), page.String(), err
}
