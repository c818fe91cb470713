package commands

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// NoticeSettings say which notices are written at a path, and where that is set.
type NoticeSettings struct {
	remit.NoticeSettings
	SetAt   string
	Version int64
	// Delivered says that mails leave: a mail server is configured, or the demo's
	// mailbox shows them.
	Delivered bool
	Business  remit.BusinessTo // whom mails to the business go to
}

// NoticeSettings is which notices are written at an organisation and below it.
func (c *Commands) NoticeSettings(ctx context.Context, caller Caller, organisation string) (NoticeSettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.InvoiceEdit)
	if err != nil {
		return NoticeSettings{}, err
	}
	return c.noticeSettingsAt(ctx, member, path)
}

// SetNoticeSettings changes it from now on, for what is open too.
func (c *Commands) SetNoticeSettings(ctx context.Context, caller Caller, organisation string, body Body[remit.NoticeSettings]) (NoticeSettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.InvoiceEdit)
	if err != nil {
		return NoticeSettings{}, err
	}
	in, err := body()
	if err != nil {
		return NoticeSettings{}, err
	}
	if in, err = in.Check(); err != nil {
		return NoticeSettings{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		before, _, err := tx.NoticeTexts(ctx, path)
		if err != nil {
			return err
		}
		if err := c.setAt(ctx, tx, caller, path, postgres.NoticesSetting, in); err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if err := tx.RecheckNotices(ctx, nil, path, clock.Now(c.Now())); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("settings.notices", "", path), before, in))
	})
	if err != nil {
		return NoticeSettings{}, err
	}
	return c.noticeSettingsAt(ctx, member, path)
}

func (c *Commands) setAt(ctx context.Context, tx *postgres.Tx, caller Caller, path, name string, value any) error {
	unit, err := tx.UnitAt(ctx, path)
	if err != nil {
		return err
	}
	_, err = tx.SetSetting(ctx, unit, name, value, caller.Account)
	return err
}

func (c *Commands) noticeSettingsAt(ctx context.Context, member Membership, path string) (NoticeSettings, error) {
	out := NoticeSettings{NoticeSettings: remit.DefaultNoticeSettings(), Delivered: c.MailServer || c.Sandbox}
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if out.SetAt, out.Version, _, err = tx.Setting(ctx, path, postgres.NoticesSetting, &out.NoticeSettings); err != nil {
			return err
		}
		var payments remit.InvoiceSettings
		if _, _, _, err = tx.Setting(ctx, path, activities.PaymentsSetting, &payments); err != nil {
			return err
		}
		out.Business, err = activities.BusinessTo(ctx, tx, path, payments.Contact, out.NoticeSettings)
		return err
	})
	return out, err
}

// NoticeTemplate is what is written on an occasion at a path, and where that is set.
type NoticeTemplate struct {
	Occasion remit.Occasion
	remit.NoticeText
	SetAt   string // "": nowhere, it is the default
	Version int64
}

// NoticeTemplate is the text of an occasion at an organisation and below it. An
// occasion that there is not is not found.
func (c *Commands) NoticeTemplate(ctx context.Context, caller Caller, organisation, occasion string) (NoticeTemplate, error) {
	member, path, err := c.atTemplate(ctx, caller, organisation, occasion)
	if err != nil {
		return NoticeTemplate{}, err
	}
	return c.templateAt(ctx, member, path, remit.Occasion(occasion))
}

// SetNoticeTemplate changes it for what is written from now on.
func (c *Commands) SetNoticeTemplate(ctx context.Context, caller Caller, organisation, occasion string, body Body[remit.NoticeText]) (NoticeTemplate, error) {
	member, path, err := c.atTemplate(ctx, caller, organisation, occasion)
	if err != nil {
		return NoticeTemplate{}, err
	}
	in, err := body()
	if err != nil {
		return NoticeTemplate{}, err
	}
	if in, err = in.Check(); err != nil {
		return NoticeTemplate{}, err
	}
	before, err := c.templateAt(ctx, member, path, remit.Occasion(occasion))
	if err != nil {
		return NoticeTemplate{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if err := c.setAt(ctx, tx, caller, path, postgres.NoticeTextSetting(remit.Occasion(occasion)), in); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("settings.notice_text", "notice "+occasion, path), before.NoticeText, in))
	})
	if err != nil {
		return NoticeTemplate{}, err
	}
	return c.templateAt(ctx, member, path, remit.Occasion(occasion))
}

// RemoveNoticeTemplate takes away what is set at an organisation itself: what holds
// above it, or the default, is written again.
func (c *Commands) RemoveNoticeTemplate(ctx context.Context, caller Caller, organisation, occasion string) error {
	member, path, err := c.atTemplate(ctx, caller, organisation, occasion)
	if err != nil {
		return err
	}
	before, err := c.templateAt(ctx, member, path, remit.Occasion(occasion))
	if err != nil {
		return err
	}
	return c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		unit, err := tx.UnitAt(ctx, path)
		if err != nil {
			return err
		}
		gone, err := tx.UnsetSetting(ctx, unit, postgres.NoticeTextSetting(remit.Occasion(occasion)), caller.Account)
		if err != nil || !gone {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("settings.notice_text", "notice "+occasion, path), before.NoticeText, nil))
	})
}

// atTemplate is atPath for an occasion that there is.
func (c *Commands) atTemplate(ctx context.Context, caller Caller, organisation, occasion string) (Membership, string, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.InvoiceEdit)
	if err == nil && !slices.Contains(remit.Occasions(), remit.Occasion(occasion)) {
		err = remit.NotFound()
	}
	return member, path, err
}

func (c *Commands) templateAt(ctx context.Context, member Membership, path string, occasion remit.Occasion) (NoticeTemplate, error) {
	out := NoticeTemplate{Occasion: occasion, NoticeText: remit.DefaultNoticeText(occasion)}
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		out.SetAt, out.Version, _, err = tx.Setting(ctx, path, postgres.NoticeTextSetting(occasion), &out.NoticeText)
		return err
	})
	return out, err
}

// PreviewInput is a text on trial, on an invoice.
type PreviewInput struct {
	Invoice uuid.UUID
	Text    *remit.NoticeText // nil: what is set
}

// NoticePreview is a mail as it would read.
type NoticePreview struct {
	To, Subject, Text, HTML string
}

// PreviewNotice writes a notice about an invoice and sends it to nobody. What is not
// known before it happens, such as why a payment failed, is made up.
func (c *Commands) PreviewNotice(ctx context.Context, caller Caller, organisation, occasion string, body Body[PreviewInput]) (NoticePreview, error) {
	member, path, err := c.atTemplate(ctx, caller, organisation, occasion)
	if err != nil {
		return NoticePreview{}, err
	}
	in, err := body()
	if err != nil {
		return NoticePreview{}, err
	}
	set, err := c.templateAt(ctx, member, path, remit.Occasion(occasion))
	if err != nil {
		return NoticePreview{}, err
	}
	if in.Text == nil {
		in.Text = &set.NoticeText
	}
	text, err := in.Text.Check()
	if err != nil {
		return NoticePreview{}, err
	}
	_, invoice, err := c.mayChange(ctx, caller, in.Invoice, remit.InvoiceEdit)
	if err != nil || invoice.Tenant != member.Tenant {
		return NoticePreview{}, remit.Invalid("invoice", "There is no such invoice, or you may not see it.")
	}
	return c.previewed(ctx, member, remit.Occasion(occasion), invoice, text)
}

func (c *Commands) previewed(ctx context.Context, member Membership, occasion remit.Occasion, invoice remit.Invoice, text remit.NoticeText) (NoticePreview, error) {
	now, err := c.TimeOf(ctx, member.Tenant)
	if err != nil {
		return NoticePreview{}, err
	}
	var settings remit.NoticeSettings
	row := postgres.MailRow{}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		zone, err := tx.ZoneOf(ctx, invoice.OrganisationID)
		if err != nil {
			return err
		}
		if settings, _, err = tx.NoticeTexts(ctx, invoice.Organisation); err != nil {
			return err
		}
		if row.Mail, err = remit.NoticeMail(invoice, remit.MadeUpNotice(occasion, invoice, now, zone), text, settings, remit.DateOf(now.In(zone))); err != nil || !occasion.ToSeller() {
			return err
		}
		to, err := activities.BusinessTo(ctx, tx, invoice.Organisation, invoice.Settings.Contact, settings)
		if err == nil && to.Nobody() {
			err = remit.NobodyToTell(invoice.Organisation)
		}
		row.To = strings.Join(to.Addresses(), ", ")
		return err
	})
	if err != nil {
		return NoticePreview{}, err
	}
	mail, err := c.opened(member.Tenant, row, map[uuid.UUID]remit.Invoice{invoice.ID: invoice})
	if err != nil {
		return NoticePreview{}, err
	}
	if mail.Unsubscribe != "" {
		mail.Unsubscribe = c.PublicURL + "/unsubscribe/…" // the customer's own, for nobody else
	}
	out := NoticePreview{To: mail.To, Subject: mail.Subject}
	out.Text, out.HTML, err = written(mail)
	return out, err
}

// PromiseInput is until when a customer has said he will pay.
type PromiseInput struct {
	Until remit.Date
	Note  string
}

// How far ahead a promise may reach, in days, and how many characters its note has.
const (
	maxPromise     = 365
	maxPromiseNote = 500
)

// PromisePayment notes that an invoice's customer has promised to pay by a day.
// Nobody reminds him before it has passed; if it passes unpaid the business is told.
// It needs invoice=edit. Errors: nothing is to be paid (409); the day (422).
func (c *Commands) PromisePayment(ctx context.Context, caller Caller, id uuid.UUID, body Body[PromiseInput]) (remit.Invoice, error) {
	return c.bring(ctx, caller, id, "invoice.promise", func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		in, err := body()
		if err != nil {
			return err
		}
		if l.SentAt == nil || l.Status.AtRest() {
			return remit.Conflict(remit.CodeConflict, "Nothing is to be paid on this invoice.")
		}
		today := remit.DateOf(l.Clock.Now(c.Now()).In(l.Zone))
		if in.Until.Before(today) || today.AddDays(maxPromise).Before(in.Until) {
			return remit.Invalid("date", "A promise is for a day from today on, and within a year.")
		}
		note := strings.TrimSpace(in.Note)
		if utf8.RuneCountInString(note) > maxPromiseNote || strings.ContainsFunc(note, remit.Unseen) {
			return remit.Invalid("note", "A note is one line of at most %d characters.", maxPromiseNote)
		}
		l.Promise = &remit.Promise{Until: in.Until, Note: note, By: caller.Actor().Name}
		if err := activities.PlanNotice(ctx, tx, l, c.Now()); err != nil {
			return err
		}
		what := l.CustomerName + " promised to pay by " + in.Until.Words() + ". No reminder is sent before it has passed."
		if note != "" {
			what += " " + note
		}
		return tx.SaveInvoice(ctx, l, c.Now(), remit.TimelineEntry{
			Kind: "promise", Actor: caller.Actor(), What: what, Why: remit.Why{Rule: "a promise holds reminders off until its day has passed", Version: "1"},
			Data: map[string]any{"date": in.Until.String(), "note": note},
		})
	})
}
