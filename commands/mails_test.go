package commands

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/money"
	"remit/postgres"
)

// Protects customers from hearing twice: however often an invoice is sent,
// processed, or its row written, one mail brings it, and the timeline says so
// (M13).
func TestAnInvoiceIsMailedOnce(t *testing.T) {
	h, owner := openHouse(t)
	invoice := h.billed(owner, "INV-1", "ap@acme.example", 120000)
	h.send(owner, invoice)
	if _, err := h.SendInvoice(t.Context(), owner, invoice); !remit.IsCode(err, remit.CodeConflict) {
		t.Errorf("sent twice: %v", err)
	}
	for range 3 {
		h.process(owner, invoice)
	}
	// Even a writer that knows nothing of the mail that is there adds none.
	h.in(owner, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), invoice)
		if err != nil {
			return err
		}
		mail, err := remit.SentMail(l.Invoice)
		if err != nil {
			return err
		}
		mail.ID, mail.CreatedAt = uuid.New(), h.Now()
		l.Outbox = []remit.Mail{mail}
		return tx.SaveInvoice(t.Context(), l, h.Now())
	})
	mails := h.mailed(owner)
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	if want := "Invoice INV-1 from dev: $1,200.00, due 1 Apr 2026"; mails[0].Subject != want || mails[0].To != "ap@acme.example" {
		t.Errorf("%q to %s", mails[0].Subject, mails[0].To)
	}
	for _, want := range []string{"dev sends you invoice INV-1.", "$1,200.00 USD is due on 1 Apr 2026.", "attached as a PDF"} {
		if !strings.Contains(mails[0].Body, want) {
			t.Errorf("no %q in %q", want, mails[0].Body)
		}
	}
	if n := h.told(owner, invoice, "mail"); n != 1 {
		t.Errorf("the timeline tells of %d mails", n)
	}
	pdf, err := h.MailPDF(t.Context(), owner, "", mails[0].ID)
	if err != nil || !bytes.HasPrefix(pdf.Content, []byte("%PDF-")) || pdf.Name != "INV-1.pdf" {
		t.Errorf("attached is %q, %v", pdf.Name, err)
	}
}

// Protects staff from waiting for what never went out: an invoice whose
// customer has no usable address is sent all the same, without a mail, and its
// timeline says why.
func TestNoAddressNoMail(t *testing.T) {
	h, owner := openHouse(t)
	without := h.billed(owner, "INV-1", "", 1000)
	h.send(owner, without)
	broken := h.billed(owner, "INV-2", "fine@acme.example", 1000)
	h.exec(`update customers set email = E'a@b.example\r\nBcc: c@d.example' where id = (select customer_id from invoices where id = $1)`, broken)
	h.send(owner, broken)
	if mails := h.mailed(owner); len(mails) != 0 {
		t.Errorf("mailed to %q", mails[0].To)
	}
	for _, invoice := range []uuid.UUID{without, broken} {
		if h.told(owner, invoice, "mail_missing") != 1 || h.told(owner, invoice, "mail") != 0 {
			t.Errorf("the timeline does not say that %s was not mailed", invoice)
		}
	}
}

// Protects the link: mails and PDFs have it where there is one, drafts and
// invoices of nothing never (C9), nor do those of a seller who hides it (C12);
// and what is stored does not hold it.
func TestLinksInMails(t *testing.T) {
	h, owner := openHouse(t)
	draft := h.billed(owner, "DRAFT", "ap@acme.example", 1000)
	h.send(owner, h.billed(owner, "NOTHING", "ap@acme.example", 0))
	h.send(owner, h.billed(owner, "OWED", "ap@acme.example", 1000))
	h.set(owner, remit.InvoiceSettings{OnlinePayments: true})
	h.send(owner, h.billed(owner, "HIDDEN", "ap@acme.example", 1000))
	links := map[string]string{}
	for _, m := range h.mailed(owner) {
		links[m.Invoice.Number] = m.Invoice.Link
		pdf, err := h.MailPDF(t.Context(), owner, "", m.ID)
		if has := bytes.Contains(pdf.Content, []byte("https://remit.example/pay/")); err != nil || has != (m.Invoice.Number == "OWED") {
			t.Errorf("the PDF of %s: link %v, %v", m.Invoice.Number, has, err)
		}
	}
	if len(links) != 3 || links["HIDDEN"] != "" || links["NOTHING"] != "" || !strings.HasPrefix(links["OWED"], "https://remit.example/pay/") {
		t.Errorf("links are %v", links)
	}
	if pdf, err := h.InvoicePDF(t.Context(), owner, draft); err != nil || bytes.Contains(pdf.Content, []byte("https://remit.example/pay/")) {
		t.Errorf("a draft's PDF: %v", err)
	}
	if stored := h.number("select count(*) from mails where text like '%/pay/%' or subject like '%/pay/%'"); stored != 0 {
		t.Errorf("%d links are stored", stored)
	}
}

// Protects what somebody was told: bank details and links are those of the time
// an invoice was made, and the mail names the way by transfer.
func TestBankDetailsAreCopied(t *testing.T) {
	h, owner := openHouse(t)
	h.set(owner, remit.InvoiceSettings{PaymentLinks: true, BankTransfer: remit.BankTransfer{Enabled: true, Details: "Harbour Bank\nAccount 1"}})
	invoice := h.billed(owner, "INV-1", "ap@acme.example", 1000)
	h.set(owner, remit.InvoiceSettings{BankTransfer: remit.BankTransfer{Enabled: true, Details: "Other Bank"}})
	h.send(owner, invoice)
	kept, err := h.Invoice(t.Context(), owner, invoice)
	if err != nil || kept.Settings.BankTransfer.Details != "Harbour Bank\nAccount 1" || !kept.Settings.PaymentLinks {
		t.Errorf("%+v, %v", kept.Settings, err)
	}
	if mails := h.mailed(owner); len(mails) != 1 || !strings.Contains(mails[0].Body, "To pay by bank transfer") || !strings.Contains(mails[0].Body, "INV-1 as the reference") {
		t.Errorf("%+v", mails)
	}
}

// Protects the outbox: its mails show to whoever runs the organisation and to
// nobody else, and an invitation has nothing attached.
func TestMailboxIsTheAdministrators(t *testing.T) {
	h, owner := openHouse(t)
	h.send(owner, h.billed(owner, "INV-1", "ap@acme.example", 1000))
	mail := h.mailed(owner)[0]
	viewer := h.join(owner, "vera@example.com", "Viewer at /dev")
	if _, err := h.MailPDF(t.Context(), viewer, "", mail.ID); remit.AsError(err).Kind != remit.KindForbidden {
		t.Errorf("a viewer: %v", err)
	}
	if _, err := h.MailPDF(t.Context(), owner, "", uuid.New()); !remit.IsCode(err, remit.CodeNotFound) {
		t.Errorf("an unknown mail: %v", err)
	}
	if _, err := h.InviteUser(t.Context(), owner, Given(InviteInput{Email: "new@example.com", Name: "New"})); err != nil {
		t.Fatal(err)
	}
	list, err := h.Mails(t.Context(), owner, "", Page{})
	if err != nil || len(list.Items) < 2 || list.Items[0].Invoice != nil || !strings.Contains(list.Items[0].Body, "/invitation") {
		t.Fatalf("%+v, %v", list.Items, err)
	}
	if _, err := h.MailPDF(t.Context(), owner, "", list.Items[0].ID); !remit.IsCode(err, remit.CodeNotFound) {
		t.Errorf("an invitation has a PDF: %v", err)
	}
	h.Sandbox = false
	if _, err := h.MailPDF(t.Context(), owner, "", mail.ID); !remit.IsCode(err, remit.CodeNotFound) {
		t.Errorf("without the stand-in: %v", err)
	}
}

// billed makes a draft of one line for a customer of its own.
func (h *house) billed(owner Caller, number, email string, amount int64) uuid.UUID {
	h.t.Helper()
	return h.billedAt(owner, "/dev", number, email, amount)
}

func (h *house) billedAt(owner Caller, organisation, number, email string, amount int64) uuid.UUID {
	h.t.Helper()
	customer, err := h.CreateCustomer(h.t.Context(), owner, Given(CustomerInput{Organisation: organisation, Name: "Customer of " + number, Email: email}))
	if err != nil {
		h.t.Fatal(err)
	}
	made, _, err := h.CreateInvoice(h.t.Context(), owner, Given(InvoiceInput{
		CustomerID: customer.ID, Number: number, Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: money.Of(amount, "USD").Decimal()}},
		IssueDate: remit.Date{Year: 2026, Month: 3, Day: 1}, DueDate: remit.Date{Year: 2026, Month: 4, Day: 1},
	}))
	if err != nil {
		h.t.Fatal(err)
	}
	return made.ID
}

// send and process do what the commands of that name do, but start no workflow.
func (h *house) send(owner Caller, invoice uuid.UUID) {
	h.t.Helper()
	h.locked(owner, invoice, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		return activities.Send(h.t.Context(), tx, l, h.Now(), owner.Actor())
	})
}

func (h *house) process(owner Caller, invoice uuid.UUID) {
	h.t.Helper()
	h.locked(owner, invoice, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		return activities.Process(h.t.Context(), tx, l, h.Now(), owner.Actor())
	})
}

func (h *house) locked(owner Caller, invoice uuid.UUID, do func(tx *postgres.Tx, l *postgres.LockedInvoice) error) {
	h.t.Helper()
	h.in(owner, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(h.t.Context(), invoice)
		if err != nil {
			return err
		}
		return do(tx, l)
	})
}

func (h *house) in(owner Caller, do func(tx *postgres.Tx) error) {
	h.t.Helper()
	if err := h.DB.InTenant(h.t.Context(), owner.Tenants[0].Tenant, do); err != nil {
		h.t.Fatal(err)
	}
}

// set stores payment settings at the top, whatever a command would say of them.
func (h *house) set(owner Caller, s remit.InvoiceSettings) {
	h.t.Helper()
	h.in(owner, func(tx *postgres.Tx) error {
		unit, err := tx.UnitAt(h.t.Context(), "/dev")
		if err != nil {
			return err
		}
		_, err = tx.SetSetting(h.t.Context(), unit, activities.PaymentsSetting, s, owner.Account)
		return err
	})
}

// mailed are the mails that bring invoices, as the mailbox shows them.
func (h *house) mailed(owner Caller) []remit.Mail {
	h.t.Helper()
	list, err := h.Mails(h.t.Context(), owner, "", Page{Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	return slices.DeleteFunc(list.Items, func(m remit.Mail) bool { return m.Invoice == nil })
}

// told counts the timeline's entries of a kind.
func (h *house) told(owner Caller, invoice uuid.UUID, kind string) (n int) {
	h.t.Helper()
	entries, err := h.Timeline(h.t.Context(), owner, invoice)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
