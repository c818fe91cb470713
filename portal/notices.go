package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"remit"
	"remit/api"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

func (p *Portal) mountNotices(router gin.IRouter) {
	router.GET("/settings/notices", p.signedIn((*visit).notices))
	router.POST("/settings/notices", p.signedIn((*visit).saveNotices))
	router.POST("/settings/notices/mails/:id/send", p.signedIn((*visit).resendMail))
	router.GET("/settings/notices/:occasion", p.signedIn((*visit).noticeText))
	router.POST("/settings/notices/:occasion", p.signedIn((*visit).saveNoticeText))
	router.GET("/unsubscribe/:token", p.open((*visit).unsubscribing))
	router.POST("/unsubscribe/:token", p.open((*visit).unsubscribe))
}

// notices are which mails are written about invoices, and those that did not arrive
// (U26).
func (v *visit) notices() error {
	view, err := v.noticesView(v.query("at"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.NoticesPage(view))
}

func (v *visit) noticesView(asked string) (page.Notices, error) {
	places := v.placesWhere(remit.InvoiceEdit)
	view := page.Notices{Shell: v.settingsShell("Notices"), Places: places, Place: v.at(asked, places)}
	s, err := v.do.NoticeSettings(v.ctx(), v.caller, view.Place)
	if err != nil {
		return view, err
	}
	view.SetAt, view.Delivered, view.Business, view.Off, view.Reminders = s.SetAt, s.Delivered, s.Business, s.Off, s.Reminders
	view.Before, view.Every, view.BCC, view.Zone = strconv.Itoa(s.BeforeDue), strconv.Itoa(s.Every), strings.Join(s.BCC, ", "), v.zone(view.Place)
	var after, least []string
	for _, days := range s.AfterDue {
		after = append(after, strconv.Itoa(days))
	}
	for _, currency := range s.ThresholdCurrencies() {
		least = append(least, currency+" "+money.Of(s.Thresholds[currency], money.Currency(currency)).Decimal())
	}
	view.After, view.Thresholds = strings.Join(after, ", "), strings.Join(least, ", ")
	mails, err := v.do.MailTroubles(v.ctx(), v.caller, view.Place, commands.Page{After: v.query("after"), Limit: 20})
	view.Mails = mails.Items
	if mails.Next != "" {
		view.Next = "/settings/notices?" + url.Values{"at": {view.Place}, "after": {mails.Next}}.Encode()
	}
	return view, err
}

func (v *visit) saveNotices() error {
	view, err := v.noticesView(v.typed("at"))
	if err != nil {
		return err
	}
	view.Reminders, view.Before, view.After, view.Every = v.typed("reminders") != "", v.typed("before_due_days"), v.typed("after_due_days"), v.typed("then_every_days")
	view.Thresholds, view.BCC, view.Off = v.typed("thresholds"), v.typed("bcc"), nil
	for _, o := range remit.Occasions() {
		if o != remit.OccasionReminder && !slices.Contains(v.gin.PostFormArray("on"), string(o)) {
			view.Off = append(view.Off, o)
		}
	}
	_, err = v.do.SetNoticeSettings(v.ctx(), v.caller, view.Place, func() (remit.NoticeSettings, error) { return typedNotices(view) })
	if err == nil {
		return v.goTo("/settings/notices?"+url.Values{"at": {view.Place}}.Encode(), "saved")
	}
	p, status, mendable := problems(withoutIndex(err), "before_due_days", "after_due_days", "then_every_days", "thresholds", "bcc")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.NoticesPage(view))
}

// typedNotices reads the form. What is no number is one that the check refuses in
// words.
func typedNotices(view page.Notices) (remit.NoticeSettings, error) {
	s := remit.NoticeSettings{Off: view.Off, Reminders: view.Reminders, BeforeDue: days(view.Before), Every: days(view.Every), AfterDue: []int{}, Thresholds: map[string]int64{}}
	for _, stage := range split(view.After) {
		s.AfterDue = append(s.AfterDue, days(stage))
	}
	for _, least := range split(view.Thresholds) {
		code, typed, _ := strings.Cut(least, " ")
		currency, err := money.ParseCurrency(code)
		if err != nil {
			return s, wrong("thresholds", fmt.Sprintf("%q is no currency. Enter amounts like USD 10.00.", code))
		}
		amount, err := money.ParseDecimal(typed, currency)
		if err != nil {
			return s, wrong("thresholds", err.Error())
		}
		s.Thresholds[string(currency)] = amount.Minor
	}
	s.BCC = split(view.BCC)
	return s, nil
}

func days(typed string) int {
	n, err := strconv.Atoi(typed)
	if err != nil {
		return -1
	}
	return n
}

func split(typed string) []string {
	parts := []string{}
	for part := range strings.SplitSeq(typed, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// withoutIndex has what is wrong with one of several said of the field they are
// typed into.
func withoutIndex(err error) error {
	e := *remit.AsError(err)
	e.Fields = slices.Clone(e.Fields)
	for n, f := range e.Fields {
		e.Fields[n].Field, _, _ = strings.Cut(strings.ReplaceAll(f.Field, "thresholds.", "thresholds["), "[")
	}
	return &e
}

func (v *visit) resendMail() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if _, err := v.do.ResendMail(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo("/settings/notices?"+url.Values{"at": {v.typed("at")}}.Encode()+"#undelivered", "resent")
}

// noticeText is what is written on one occasion.
func (v *visit) noticeText() error {
	view, err := v.noticeTextView(v.query("at"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.NoticeTextPage(view))
}

func (v *visit) noticeTextView(asked string) (page.NoticeText, error) {
	occasion := v.gin.Param("occasion")
	title, _ := page.OccasionWords(remit.Occasion(occasion))
	view := page.NoticeText{Shell: v.settingsShell(title), Occasion: remit.Occasion(occasion), Place: v.at(asked, v.placesWhere(remit.InvoiceEdit))}
	template, err := v.do.NoticeTemplate(v.ctx(), v.caller, view.Place, occasion)
	if err != nil {
		return view, err
	}
	view.Subject, view.Text, view.SetAt = template.Subject, template.Text, template.SetAt
	list, err := v.do.Invoices(v.ctx(), v.caller, commands.InvoiceFilter{Organisation: view.Place}, commands.Page{Limit: 20})
	for _, i := range list.Items {
		view.Invoices = append(view.Invoices, page.Option{Value: i.ID.String(), Label: i.Number + ", " + i.CustomerName})
	}
	return view, err
}

func (v *visit) saveNoticeText() error {
	view, err := v.noticeTextView(v.typed("at"))
	if err != nil {
		return err
	}
	occasion, back := string(view.Occasion), page.NoticePath(view.Occasion, view.Place)
	if v.typed("do") == "default" {
		if err := v.do.RemoveNoticeTemplate(v.ctx(), v.caller, view.Place, occasion); err != nil {
			return err
		}
		return v.goTo(back, "saved")
	}
	view.Subject, view.Text, view.Invoice = v.typed("subject"), v.typed("text"), v.typed("invoice")
	text := remit.NoticeText{Subject: view.Subject, Text: view.Text}
	if v.typed("do") == "preview" {
		var preview commands.NoticePreview
		preview, err = v.do.PreviewNotice(v.ctx(), v.caller, view.Place, occasion, func() (commands.PreviewInput, error) {
			id, err := uuid.Parse(view.Invoice)
			if err != nil {
				return commands.PreviewInput{}, wrong("invoice", "Choose an invoice.")
			}
			return commands.PreviewInput{Invoice: id, Text: &text}, nil
		})
		if err == nil {
			view.Preview = &page.NoticePreview{To: preview.To, Subject: preview.Subject, Text: preview.Text}
			return v.show(http.StatusOK, page.NoticeTextPage(view))
		}
	} else if _, err = v.do.SetNoticeTemplate(v.ctx(), v.caller, view.Place, occasion, commands.Given(text)); err == nil {
		return v.goTo(back, "saved")
	}
	p, status, mendable := problems(err, "subject", "text", "invoice")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.NoticeTextPage(view))
}

// unsubscribing shows what the link of a reminder stops, and does nothing yet:
// machines open links too.
func (v *visit) unsubscribing() error {
	if err := v.linksTried(); err != nil {
		return err
	}
	found, err := v.do.Unsubscribing(v.ctx(), v.gin.Param("token"))
	if err != nil {
		return v.deadLink(err)
	}
	return v.show(http.StatusOK, page.UnsubscribePage(page.Unsubscribe{
		Shell: v.outside("Reminders"), Seller: found.Seller, Reminders: found.Reminders, Action: "/unsubscribe/" + v.gin.Param("token"),
	}))
}

// unsubscribe stops the reminders; mail programs ask for it with one click (RFC 8058).
func (v *visit) unsubscribe() error {
	if err := v.linksTried(); err != nil {
		return err
	}
	if err := v.do.Unsubscribe(v.ctx(), v.gin.Param("token"), api.From(v.gin.Request).Address); err != nil {
		return v.deadLink(err)
	}
	return v.goTo("/unsubscribe/"+v.gin.Param("token"), "")
}
