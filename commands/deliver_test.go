package commands

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	server "github.com/emersion/go-smtp"
	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/smtp"
)

// mailServer takes mails on a free port of this machine, as it is told to.
type mailServer struct {
	t      *testing.T
	url    string
	mu     sync.Mutex
	got    []delivery
	refuse map[string]error // by receiver
	dies   bool             // after it has read a mail, before it says so
	secure bool
}

type delivery struct {
	to   []string
	text string
}

func openMailServer(t *testing.T, certificate *tls.Certificate) *mailServer {
	t.Helper()
	m := &mailServer{t: t, refuse: map[string]error{}}
	s := server.NewServer(server.BackendFunc(func(c *server.Conn) (server.Session, error) {
		_, secure := c.TLSConnectionState()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.secure = secure
		return &mailSession{server: m, connection: c}, nil
	}))
	if certificate != nil {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close() })
	m.url = "smtp://" + listener.Addr().String()
	return m
}

type mailSession struct {
	server     *mailServer
	connection *server.Conn
	to         []string
}

func (s *mailSession) Reset()                                 { s.to = nil }
func (s *mailSession) Logout() error                          { return nil }
func (s *mailSession) Mail(string, *server.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *server.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.to = append(s.to, to)
	return s.server.refuse[to]
}

func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.got = append(s.server.got, delivery{s.to, string(raw)})
	if s.server.dies {
		return s.connection.Conn().Close()
	}
	return err
}

// change has the server behave otherwise from now on.
func (m *mailServer) change(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// taken are the mails it has read so far.
func (m *mailServer) taken() []delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.got)
}

func (m *mailServer) sender(roots *x509.CertPool, local bool) *smtp.Sender {
	m.t.Helper()
	sender, err := smtp.New(smtp.Options{URL: m.url, From: "Remit <billing@remit.example>", Local: func(string) bool { return local }, Roots: roots})
	if err != nil {
		m.t.Fatal(err)
	}
	return sender
}

// deliver has what is due delivered, twice at once as two processes would.
func (h *house) deliver(postman Postman) {
	h.t.Helper()
	h.exec("update mails set next_at = now() where state = 'queued'")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := h.DeliverMails(h.t.Context(), postman); err != nil {
				h.t.Error(err)
			}
		})
	}
	both.Wait()
}

func (h *house) delivery(owner Caller, invoice uuid.UUID) remit.Mail {
	h.t.Helper()
	for _, m := range h.mailed(owner) {
		if m.Invoice != nil && m.Invoice.ID == invoice {
			return m
		}
	}
	h.t.Fatal("no mail")
	return remit.Mail{}
}

// M13, N5: a mail goes out once, with its PDF and its link; a refusal for now is
// tried again under the same Message-ID, one for good bounces, a server that died in
// the middle leaves it unknown, and then only a person sends it again.
func TestFailure39MailsThatBounceAreTold(t *testing.T) {
	h, owner := openHouse(t)
	h.exec("update mails set state = 'sent'")
	post := openMailServer(t, nil)
	invoices := map[string]uuid.UUID{}
	for _, who := range []string{"fine", "later", "nobody"} {
		invoices[who] = h.billed(owner, strings.ToUpper(who), who+"@acme.example", 1000)
		h.send(owner, invoices[who])
	}
	post.refuse["later@acme.example"] = &server.SMTPError{Code: 451, Message: "come back later"}
	post.refuse["nobody@acme.example"] = &server.SMTPError{Code: 550, Message: "no such user"}
	h.deliver(post.sender(nil, true))
	first := post.taken()
	if len(first) != 1 || len(first[0].to) != 1 || first[0].to[0] != "fine@acme.example" {
		t.Fatalf("went out: %+v", first)
	}
	for _, want := range []string{"Subject: Invoice FINE", `From: "dev" <billing@remit.example>`, "application/pdf", "https://remit.example/pay/", "multipart/alternative", "View and pay the invoice"} {
		if !strings.Contains(strings.ReplaceAll(first[0].text, "=\r\n", ""), want) {
			t.Errorf("no %q in %s", want, first[0].text)
		}
	}
	put, fine, bounced := h.delivery(owner, invoices["later"]), h.delivery(owner, invoices["fine"]), h.delivery(owner, invoices["nobody"])
	if fine.Delivery.State != remit.MailTaken || fine.Delivery.DeliveredAt == nil {
		t.Errorf("taken is %+v", fine.Delivery)
	}
	if bounced.Delivery.State != remit.MailBounced || !strings.Contains(bounced.Delivery.LastError, "no such user") {
		t.Errorf("bounced is %+v", bounced.Delivery)
	}
	if put.Delivery.State != remit.MailQueued || put.Delivery.Tries != 1 {
		t.Errorf("put off is %+v", put.Delivery)
	}
	post.change(func() {
		delete(post.refuse, "later@acme.example")
		post.dies = true
	})
	h.deliver(post.sender(nil, true))
	lost := h.delivery(owner, invoices["later"])
	if lost.Delivery.State != remit.MailUnknown || lost.Delivery.MessageID != put.Delivery.MessageID || len(post.taken()) != 2 {
		t.Errorf("lost is %+v after %d mails", lost.Delivery, len(post.taken()))
	}
	post.change(func() { post.dies = false })
	h.deliver(post.sender(nil, true))
	if len(post.taken()) != 2 {
		t.Errorf("what may have gone out went out again by itself")
	}
	troubles, err := h.MailTroubles(t.Context(), owner, "", Page{})
	if err != nil || len(troubles.Items) != 2 {
		t.Errorf("%d mails in trouble, %v", len(troubles.Items), err)
	}
	if _, err := h.ResendMail(t.Context(), owner, lost.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ResendMail(t.Context(), owner, lost.ID); !remit.IsCode(err, remit.CodeConflict) {
		t.Errorf("sent again twice: %v", err)
	}
	h.deliver(post.sender(nil, true))
	if again := h.delivery(owner, invoices["later"]); again.Delivery.State != remit.MailTaken || len(post.taken()) != 3 || !strings.Contains(post.taken()[2].text, lost.Delivery.MessageID) {
		t.Errorf("sent again is %+v", again.Delivery)
	}
	if n := h.told(owner, invoices["later"], "mail_delivery"); n != 4 {
		t.Errorf("the timeline tells %d things of it", n)
	}
}

// M13: a process that died over a mail leaves it unknown; what waited for days is
// held back; a reminder is held back once its invoice is settled.
func TestMailsThatDoNotGoOut(t *testing.T) {
	h, owner := openHouse(t)
	h.exec("update mails set state = 'sent'")
	post := openMailServer(t, nil)
	died, old, paid := h.billed(owner, "DIED", "a@acme.example", 1000), h.billed(owner, "OLD", "b@acme.example", 1000), h.billed(owner, "PAID", "c@acme.example", 1000)
	for _, invoice := range []uuid.UUID{died, old, paid} {
		h.send(owner, invoice)
	}
	h.exec("update mails set state = 'sending', tries = 1, sending_since = now() - interval '1 hour' where invoice_id = $1", died)
	h.exec("update mails set queued_at = now() - interval '4 days' where invoice_id = $1", old)
	h.exec("update mails set stage = 'reminder/1' where invoice_id = $1", paid)
	h.in(owner, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), paid)
		if err != nil {
			return err
		}
		l.Hold = &remit.Hold{Reason: "asked", Kind: remit.HoldPerson, Since: h.Now()}
		return tx.SaveInvoice(t.Context(), l, h.Now())
	})
	h.deliver(post.sender(nil, true))
	for invoice, want := range map[uuid.UUID]remit.MailState{died: remit.MailUnknown, old: remit.MailHeld, paid: remit.MailHeld} {
		if m := h.delivery(owner, invoice); m.Delivery.State != want || m.Delivery.LastError == "" {
			t.Errorf("%s is %+v", m.Invoice.Number, m.Delivery)
		}
	}
	if len(post.taken()) != 0 {
		t.Errorf("went out: %+v", post.taken())
	}
}

// noting is a postman who notes to whom mails went, in order.
type noting struct {
	to   []string
	then func() // after the first of each
}

func (p *noting) Send(_ context.Context, m smtp.Message) smtp.Outcome {
	if p.to = append(p.to, m.To); len(p.to) == 1 {
		p.then()
	}
	return smtp.Outcome{Result: smtp.Sent}
}

// M13: an organisation's mails by the dozen hold up no other's.
func TestMailsOfOrganisationsTakeTurns(t *testing.T) {
	h, many := openHouse(t)
	few := h.founder("/few", "founder@few.test")
	h.exec("update mails set state = 'sent'")
	one := h.billedAt(few, "/few", "ONE", "one@acme.example", 1000)
	for n := range 3 * mailsATurn {
		h.send(many, h.billed(many, "MANY-"+strconv.Itoa(n), "many@acme.example", 1000))
	}
	due := func() { h.exec("update mails set next_at = now() where state = 'queued'") }
	post := noting{then: func() { h.send(few, one); due() }}
	due()
	if err := h.DeliverMails(t.Context(), &post); err != nil {
		t.Fatal(err)
	}
	// It was written when the first of the others' had gone out.
	if at := slices.Index(post.to, "one@acme.example"); at < 0 || at > mailsATurn || len(post.to) != 3*mailsATurn+1 {
		t.Errorf("of %d mails the other organisation's was number %d", len(post.to), at)
	}
}

// M13: one that waits for an open page is in the queue again, and has cost no try.
func TestAMailThatWaitsCostsNoTry(t *testing.T) {
	h, owner := openHouse(t)
	h.exec("update mails set state = 'sent'")
	invoice := h.billed(owner, "OPEN", "open@acme.example", 1000)
	h.send(owner, invoice)
	h.exec("update mails set state = 'sending', tries = 3, sending_since = now(), stage = 'reminder/1' where invoice_id = $1", invoice)
	h.in(owner, func(tx *postgres.Tx) error {
		mail := h.delivery(owner, invoice)
		if err := tx.PostponeMail(t.Context(), mail.ID, 2, h.Now(), "no longer ours"); err != nil {
			return err
		}
		return tx.PostponeMail(t.Context(), mail.ID, 3, h.Now().Add(remit.MailWaits), "waits")
	})
	if d := h.delivery(owner, invoice).Delivery; d.State != remit.MailQueued || d.Tries != 2 || d.LastError != "waits" || !d.NextAt.After(h.Now()) {
		t.Errorf("it is %+v", d)
	}
}

// M13: a mail that tells of a charge, or reminds, waits while somebody has a payment page
// open, and goes out once he has left it.
func TestAnOpenPageHoldsAReminderUp(t *testing.T) {
	mail := remit.Mail{Invoice: &remit.MailedInvoice{Stage: "reminder/1", DueVersion: 1}}
	i := remit.Invoice{Status: remit.InvoiceOpen, DueVersion: 1, InFlight: &remit.InFlight{Kind: remit.AttemptCheckout, State: remit.AttemptRequiresAction}}
	if mail.Waits(i) == "" {
		t.Error("it goes out while a page is open")
	}
	i.InFlight.Kind = remit.AttemptCharge
	if mail.Waits(i) != "" || mail.MayGo(i, false, time.Now()) == "" {
		t.Error("a payment on its way does not hold it back")
	}
	if i.InFlight = nil; mail.Waits(i) != "" {
		t.Error("it waits for a page that was left")
	}
}

// M13: a process that was away for so long that its mail counts as lost does not undo
// that a person has had it sent again, or it would go out a third time.
func TestALateSenderUndoesNothing(t *testing.T) {
	h, owner := openHouse(t)
	h.exec("update mails set state = 'sent'")
	post := openMailServer(t, nil)
	invoice := h.billed(owner, "SLOW", "a@acme.example", 1000)
	h.send(owner, invoice)
	slow := postmanFunc(func(ctx context.Context, m smtp.Message) smtp.Outcome { // its machine sleeps over it
		h.exec("update mails set sending_since = now() - interval '1 hour' where state = 'sending'")
		if err := h.DeliverMails(ctx, post.sender(nil, true)); err != nil {
			t.Error(err)
		}
		if _, err := h.ResendMail(ctx, owner, h.delivery(owner, invoice).ID); err != nil {
			t.Error(err)
		}
		if err := h.DeliverMails(ctx, post.sender(nil, true)); err != nil {
			t.Error(err)
		}
		return smtp.Outcome{Result: smtp.Later, Why: "nobody was there"}
	})
	if err := h.DeliverMails(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	if m := h.delivery(owner, invoice); m.Delivery.State != remit.MailTaken || len(post.got) != 1 {
		t.Errorf("after %d mails it is %+v", len(post.got), m.Delivery)
	}
}

type postmanFunc func(ctx context.Context, m smtp.Message) smtp.Outcome

func (f postmanFunc) Send(ctx context.Context, m smtp.Message) smtp.Outcome { return f(ctx, m) }

// ASVS 12.3: beyond this machine a mail travels by verified TLS or not at all.
func TestMailsTravelByTLS(t *testing.T) {
	certificate, roots := selfSigned(t)
	mail := smtp.Message{ID: "1@remit.example", To: "a@acme.example", BCC: []string{"nobody@acme.example"}, Subject: "x", Text: "x"}
	open, trusted := openMailServer(t, nil), openMailServer(t, &certificate)
	if got := open.sender(nil, false).Send(t.Context(), mail); got.Result != smtp.Later || len(open.got) != 0 {
		t.Errorf("in the open: %+v", got)
	}
	if got := trusted.sender(x509.NewCertPool(), false).Send(t.Context(), mail); got.Result != smtp.Later || len(trusted.got) != 0 {
		t.Errorf("unverified: %+v", got)
	}
	trusted.refuse["nobody@acme.example"] = &server.SMTPError{Code: 550, Message: "no such user"}
	if got := trusted.sender(roots, false).Send(t.Context(), mail); got.Result != smtp.Sent || !strings.Contains(got.Why, "copies") || len(trusted.got) != 1 || !trusted.secure {
		t.Errorf("verified: %+v, %+v", got, trusted.got)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got := trusted.sender(roots, false).Send(gone, mail); got.Result != smtp.Later {
		t.Errorf("stopped: %+v", got)
	}
}

// T42: what people are called is text in a mail, never a header or a tag.
func TestNamesInMailsAreText(t *testing.T) {
	post := openMailServer(t, nil)
	for _, name := range []string{`Joe "Pipes" \ Sons`, "Müller, <b@c.example>", "x\" <evil@evil.example>, \"y", "a\r\nBcc: evil@evil.example"} {
		got := post.sender(nil, true).Send(t.Context(), smtp.Message{ID: "1@remit.example", To: "a@acme.example", FromName: name, Subject: "x", Text: "x"})
		if got.Result != smtp.Sent {
			t.Fatalf("from %q: %+v", name, got)
		}
		head, _, _ := strings.Cut(post.got[len(post.got)-1].text, "\r\n\r\n")
		read, err := mail.ReadMessage(strings.NewReader(head + "\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		from, err := read.Header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != "billing@remit.example" || read.Header.Get("Bcc") != "" {
			t.Errorf("from %q became %v, %v in %s", name, from, err, head)
		}
	}
	text, html, err := written(remit.Mail{
		Subject: "x", Body: "<script>alert(1)</script>\n\nsecond\n", Unsubscribe: "https://remit.example/unsubscribe/x",
		Invoice: &remit.MailedInvoice{Link: "javascript:alert(1)", Stage: remit.MailSent},
	})
	if err != nil || strings.Contains(html, "<script>") || strings.Contains(html, `href="javascript:`) || !strings.Contains(html, "Send me no more reminders") || !strings.Contains(text, "To get no more reminders") {
		t.Errorf("%v: %s", err, html)
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}
