package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func noticeSettings(c *call) (answer, error) {
	return noticeSettingsAnswer(c.server.commands.NoticeSettings(c.ctx(), c.caller, c.organisation()))
}

// setNoticeSettings changes what the body names and leaves the rest as it is.
func setNoticeSettings(c *call) (answer, error) {
	input := body(c, func(w noticeSettingsWire) (remit.NoticeSettings, error) {
		set, err := c.server.commands.NoticeSettings(c.ctx(), c.caller, c.organisation())
		if err != nil {
			return remit.NoticeSettings{}, err
		}
		settings := set.NoticeSettings
		replace(&settings.Off, w.Off)
		replace(&settings.Reminders, w.Reminders)
		replace(&settings.BeforeDue, w.BeforeDue)
		replace(&settings.AfterDue, w.AfterDue)
		replace(&settings.Every, w.Every)
		replace(&settings.BCC, w.BCC)
		if w.Thresholds != nil {
			settings.Thresholds = map[string]int64{}
			for _, t := range *w.Thresholds {
				settings.Thresholds[t.Currency] = t.Amount
			}
		}
		return settings, nil
	})
	return noticeSettingsAnswer(c.server.commands.SetNoticeSettings(c.ctx(), c.caller, c.organisation(), input))
}

type noticeSettingsWire struct {
	Off        *[]remit.Occasion `json:"off"`
	Reminders  *bool             `json:"reminders"`
	BeforeDue  *int              `json:"before_due_days"`
	AfterDue   *[]int            `json:"after_due_days"`
	Every      *int              `json:"then_every_days"`
	Thresholds *[]thresholdBody  `json:"thresholds"`
	BCC        *[]string         `json:"bcc"`
}

type thresholdBody struct {
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
}

type noticeSettingsBody struct {
	Off        []remit.Occasion `json:"off"`
	Reminders  bool             `json:"reminders"`
	BeforeDue  int              `json:"before_due_days"`
	AfterDue   []int            `json:"after_due_days"`
	Every      int              `json:"then_every_days"`
	Thresholds []thresholdBody  `json:"thresholds"`
	BCC        []string         `json:"bcc"`
	Delivered  bool             `json:"delivered"`
	Business   businessToBody   `json:"business"`
	SetAt      *string          `json:"set_at"`
	Version    int64            `json:"version"`
}

// businessToBody is whom mails to the business go to.
type businessToBody struct {
	Address *string  `json:"address"`
	People  []string `json:"people"`
	More    int      `json:"more"`
}

func noticeSettingsAnswer(s commands.NoticeSettings, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	out := noticeSettingsBody{
		Off: orEmpty(s.Off), Reminders: s.Reminders, BeforeDue: s.BeforeDue, AfterDue: orEmpty(s.AfterDue), Every: s.Every,
		Thresholds: []thresholdBody{}, BCC: orEmpty(s.BCC), Delivered: s.Delivered, Business: businessToBody{orNull(s.Business.Address), []string{}, s.Business.More}, SetAt: orNull(s.SetAt), Version: s.Version,
	}
	for _, p := range s.Business.People {
		out.Business.People = append(out.Business.People, p.Name)
	}
	for _, currency := range s.ThresholdCurrencies() {
		out.Thresholds = append(out.Thresholds, thresholdBody{currency, s.Thresholds[currency]})
	}
	return ok(out)
}

func noticeTemplate(c *call) (answer, error) {
	return templateAnswer(c.server.commands.NoticeTemplate(c.ctx(), c.caller, c.organisation(), c.params.ByName("occasion")))
}

func setNoticeTemplate(c *call) (answer, error) {
	return templateAnswer(c.server.commands.SetNoticeTemplate(c.ctx(), c.caller, c.organisation(), c.params.ByName("occasion"),
		body(c, func(w noticeTextWire) (remit.NoticeText, error) { return remit.NoticeText(w), nil })))
}

func removeNoticeTemplate(c *call) (answer, error) {
	if err := c.server.commands.RemoveNoticeTemplate(c.ctx(), c.caller, c.organisation(), c.params.ByName("occasion")); err != nil {
		return answer{}, err
	}
	return noContent()
}

type noticeTextWire struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

type noticeTemplateBody struct {
	Occasion remit.Occasion    `json:"occasion"`
	Subject  string            `json:"subject"`
	Text     string            `json:"text"`
	Fields   []noticeFieldBody `json:"fields"`
	SetAt    *string           `json:"set_at"`
	Version  int64             `json:"version"`
}

type noticeFieldBody struct {
	Name  string `json:"name"`
	Means string `json:"means"`
}

func templateAnswer(t commands.NoticeTemplate, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	out := noticeTemplateBody{Occasion: t.Occasion, Subject: t.Subject, Text: t.Text, SetAt: orNull(t.SetAt), Version: t.Version}
	for _, f := range remit.NoticeFields() {
		out.Fields = append(out.Fields, noticeFieldBody(f))
	}
	return ok(out)
}

func previewNotice(c *call) (answer, error) {
	preview, err := c.server.commands.PreviewNotice(c.ctx(), c.caller, c.organisation(), c.params.ByName("occasion"),
		body(c, func(w noticePreviewWire) (commands.PreviewInput, error) {
			in := commands.PreviewInput{Invoice: w.Invoice}
			if w.Template != nil {
				text := remit.NoticeText(*w.Template)
				in.Text = &text
			}
			return in, nil
		}))
	if err != nil {
		return answer{}, err
	}
	return ok(noticePreviewBody(preview))
}

type noticePreviewWire struct {
	Invoice  uuid.UUID       `json:"invoice_id"`
	Template *noticeTextWire `json:"template"`
}

type noticePreviewBody struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

func undeliveredMails(c *call) (answer, error) {
	list, err := c.server.commands.MailTroubles(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, mailShape))
}

func resendMail(c *call) (answer, error) {
	mail, err := c.server.commands.ResendMail(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(mailShape(mail))
}

// mailBody is a mail about an invoice as it leaves, without what it says.
type mailBody struct {
	ID        uuid.UUID       `json:"id"`
	InvoiceID uuid.UUID       `json:"invoice_id"`
	Number    string          `json:"invoice_number"`
	Stage     remit.MailStage `json:"stage"`
	To        string          `json:"to"`
	Subject   string          `json:"subject"`
	State     remit.MailState `json:"state"`
	Reason    string          `json:"reason"`
	Tries     int             `json:"tries"`
	CreatedAt time.Time       `json:"created_at"`
}

func mailShape(m remit.Mail) mailBody {
	out := mailBody{
		ID: m.ID, To: m.To, Subject: m.Subject, State: m.Delivery.State, Reason: m.Delivery.LastError, Tries: m.Delivery.Tries, CreatedAt: m.CreatedAt.UTC(),
	}
	if m.Invoice != nil {
		out.InvoiceID, out.Number, out.Stage = m.Invoice.ID, m.Invoice.Number, m.Invoice.Stage
	}
	return out
}

func promisePayment(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.PromisePayment(c.ctx(), c.caller, c.id(), body(c, func(w promiseWire) (commands.PromiseInput, error) {
		return commands.PromiseInput(w), nil
	})))
}

type promiseWire struct {
	Until remit.Date `json:"date"`
	Note  string     `json:"note"`
}

// promiseBody is a promise to pay as it leaves.
type promiseBody struct {
	Until    remit.Date `json:"date"`
	Note     string     `json:"note"`
	By       string     `json:"by"`
	BrokenAt *time.Time `json:"broken_at"`
}

func promiseShape(p *remit.Promise) *promiseBody {
	if p == nil {
		return nil
	}
	return &promiseBody{Until: p.Until, Note: p.Note, By: p.By, BrokenAt: utc(p.BrokenAt)}
}
