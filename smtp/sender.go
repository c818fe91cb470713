package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"remit/secrets"
)

// Options say which server mails are handed to, and as whom.
type Options struct {
	// URL is smtp://user@host:587, which goes on to TLS by STARTTLS, or
	// smtps://user@host:465. Without a user nobody signs in.
	URL      string
	Password secrets.Secret
	From     string // address that mails come from, with or without a name
	// Local reports a host that is this machine, which may be reached in the open.
	Local func(host string) bool
	Roots *x509.CertPool // nil: the system's
}

// Sender hands mails to one server. It is safe for concurrent use.
type Sender struct {
	client *gomail.Client
	from   mail.Address
}

// timeout is how long one mail may take, from dialling to the server's last word.
const timeout = time.Minute

// New checks the options; the server is not asked.
func New(o Options) (*Sender, error) {
	server, err := url.Parse(o.URL)
	if err != nil || server.Hostname() == "" || server.Scheme != "smtp" && server.Scheme != "smtps" || server.Path != "" || server.RawQuery != "" {
		return nil, errors.New("a mail server is smtp://user@host:587 or smtps://user@host:465")
	}
	if _, typed := server.User.Password(); typed {
		return nil, errors.New("the password of the mail server does not belong into its address")
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("%q is no address that mails can come from", o.From)
	}
	port := map[string]int{"smtp": 587, "smtps": 465}[server.Scheme]
	if server.Port() != "" {
		if port, err = strconv.Atoi(server.Port()); err != nil {
			return nil, fmt.Errorf("%q is no port", server.Port())
		}
	}
	settings := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(timeout), gomail.WithoutNoop(),
		gomail.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: server.Hostname(), RootCAs: o.Roots}),
	}
	switch {
	case server.Scheme == "smtps":
		settings = append(settings, gomail.WithSSL())
	case o.Local != nil && o.Local(server.Hostname()):
		settings = append(settings, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		settings = append(settings, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if user := server.User.Username(); user != "" {
		settings = append(settings, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(user), gomail.WithPassword(o.Password.Reveal()))
	}
	client, err := gomail.NewClient(server.Hostname(), settings...)
	if err != nil {
		return nil, fmt.Errorf("the mail server's settings: %w", err)
	}
	return &Sender{client: client, from: *from}, nil
}

// Message is a mail as its receiver gets it. ID is the Message-ID without angle
// brackets: the same for each try of one mail.
type Message struct {
	ID          string
	To          string
	BCC         []string
	FromName    string // "": the sender's own
	ReplyTo     string // "": nobody
	Subject     string
	Text, HTML  string
	Unsubscribe string // address of a page that also takes one click (RFC 8058); "": none
	Attached    []Attachment
}

// Attachment is a file.
type Attachment struct {
	Name    string
	Type    string // its media type
	Content []byte
}

func (s *Sender) build(m Message, copies bool) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	name := m.FromName
	if name == "" {
		name = s.from.Name
	}
	// Not FromFormat, which takes no name with a quotation mark in it.
	msg.FromMailAddress(&mail.Address{Name: oneLine(name), Address: s.from.Address})
	errs := []error{msg.To(m.To)}
	if copies && len(m.BCC) > 0 {
		errs = append(errs, msg.Bcc(m.BCC...))
	}
	if m.ReplyTo != "" {
		errs = append(errs, msg.ReplyTo(m.ReplyTo))
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Unsubscribe != "" {
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, file := range m.Attached {
		errs = append(errs, msg.AttachReader(file.Name, bytes.NewReader(file.Content), gomail.WithFileContentType(gomail.ContentType(file.Type))))
	}
	return msg, errors.Join(errs...)
}

// Send hands a mail over. An address of a copy that the server refuses costs the
// copies, not the mail. It does not return an error: what became of the mail is the
// outcome.
func (s *Sender) Send(ctx context.Context, m Message) Outcome {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	outcome := s.try(ctx, m, true)
	if len(m.BCC) > 0 && outcome.Result == Bounced {
		outcome = s.try(ctx, m, false)
		if outcome.Result == Sent {
			outcome.Why = "The server refused an address of the copies; no copies went out."
		}
	}
	return outcome
}

func (s *Sender) try(ctx context.Context, m Message, copies bool) Outcome {
	msg, err := s.build(m, copies)
	if err != nil {
		return Outcome{Failed, "It cannot be written: " + err.Error()}
	}
	connection, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return Outcome{Later, "The mail server cannot be reached: " + brief(err)}
	}
	outcome := outcomeOf(s.client.SendWithSMTPClient(connection, msg))
	_ = s.client.CloseWithSMTPClient(connection) // it has said what became of the mail
	return outcome
}
