package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// mailbox shows the mails that would have been sent (U30).
func (v *visit) mailbox() error {
	list, err := v.do.Mails(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 20})
	if err != nil {
		return err
	}
	view := page.Mailbox{Shell: v.shell("Mailbox", ""), Rows: list.Items, Zone: v.zone(v.place())}
	if list.Next != "" {
		view.Next = "/demo/mailbox?" + url.Values{"after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.MailboxPage(view))
}

// clock shows the organisation's test clock (U30).
func (v *visit) clock() error {
	view, err := v.clockView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ClockPage(view))
}

func (v *visit) clockView() (page.TestClock, error) {
	if !v.do.Sandbox {
		return page.TestClock{}, remit.NotFound()
	}
	if !v.may(v.place(), remit.AdminOrganisations) {
		return page.TestClock{}, remit.Forbidden(remit.AdminOrganisations.String(), v.place())
	}
	view := page.TestClock{Shell: v.shell("Clock", ""), Zone: v.zone(v.place()), Now: v.today()}
	for _, o := range v.organisationTree() {
		view.Has = view.Has || o.Path == v.place() && o.ClockOffset != nil
	}
	return view, nil
}

// today is the time at the organisation chosen, in its zone.
func (v *visit) today() time.Time {
	now := v.do.Now()
	for _, o := range v.organisationTree() {
		if o.Path == v.place() && o.ClockOffset != nil {
			now = now.Add(*o.ClockOffset)
		}
	}
	return now.In(v.zone(v.place()))
}

// advanceClock moves the clock by days, to a day, or on to where the last
// request wanted to go.
func (v *visit) advanceClock() error {
	view, err := v.clockView()
	if err != nil {
		return err
	}
	view.To = v.typed("to")
	result, err := v.do.AdvanceClock(v.ctx(), v.caller, func() (commands.ClockInput, error) {
		to, err := v.clockTarget(view)
		view.Until = to.UTC().Format(time.RFC3339)
		return commands.ClockInput{Organisation: v.place(), To: to, Tell: true}, err
	})
	if err != nil {
		p, status, mendable := problems(err, "to")
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.ClockPage(view))
	}
	view.Now, view.Ran, view.More, view.To = result.Now, true, !result.Done, ""
	view.Story = result.Story
	return v.show(http.StatusOK, page.ClockPage(view))
}

func (v *visit) clockTarget(view page.TestClock) (time.Time, error) {
	if days := v.typed("days"); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil || !slices.Contains([]int{1, 7, 45}, n) {
			return time.Time{}, wrong("to", "Choose 1, 7 or 45 days, or a day.")
		}
		return view.Now.AddDate(0, 0, n), nil
	}
	if until, err := time.Parse(time.RFC3339, v.typed("until")); err == nil {
		return until, nil
	}
	day, err := remit.ParseDate(view.To)
	if err != nil {
		return time.Time{}, wrong("to", "Enter a day.")
	}
	return day.StartIn(view.Zone), nil
}
