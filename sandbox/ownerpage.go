package sandbox

import (
	"net/http"
	"slices"
	"time"
)

func init() {
	hosted("GET /_hosted/dashboard/{account}", showOwner)
	hosted("POST /_hosted/dashboard/{account}", submitOwner)
}

// accountView is what a dashboard shows of an account.
type accountView struct {
	Title, Seller, ID, Kind string
	Charges, Payouts        bool
	Owed                    []string
	Available, Pending      string
	PaidOut                 []payoutLine
	Banks                   []lineView
	Schedule                string
	Owner                   bool // it is the owner's own: he can act
	Unfinished              bool
	Apps                    []fieldOption // platforms that may act, by their account
	Payments                []paymentLine
	Action                  string
}

type payoutLine struct{ Arrives, Amount, Status string }

type paymentLine struct{ ID, Words, Amount, Status string }

// shownOnPage is how many of each a dashboard lists.
const shownOnPage = 10

func (t *tx) accountView(title string) accountView {
	a := must[account](t, t.world.id)
	view := accountView{
		Title: title, Seller: t.sellerName(), ID: a.ID, Kind: a.Type, Charges: a.ChargesEnabled, Payouts: a.PayoutsEnabled,
		Owed: a.Requirements.CurrentlyDue, Schedule: a.Settings.Payouts.Schedule.Interval, Unfinished: !a.DetailsSubmitted,
	}
	var available, pending int64
	if book := t.book.byCurrency[a.DefaultCurrency]; book != nil {
		available, pending = book.at(t.seconds())
	}
	view.Available, view.Pending = amountText(available, a.DefaultCurrency), amountText(pending, a.DefaultCurrency)
	for _, o := range slices.Backward(t.table(payouts).all("")) {
		p := o.(*payout)
		if len(view.PaidOut) < shownOnPage {
			view.PaidOut = append(view.PaidOut, payoutLine{
				time.Unix(p.ArrivalDate, 0).UTC().Format(time.DateOnly), amountText(p.Amount, p.Currency), p.Status,
			})
		}
	}
	for _, b := range t.banksOf(a.ID) {
		view.Banks = append(view.Banks, lineView{Description: b.BankName + " •••• " + b.Last4, Amount: b.Status})
	}
	return view
}

// showOwner is the dashboard of an account that is its owner's own. Whoever
// knows the id is taken for him: there is nobody to sign in here.
func showOwner(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onOwner(w, r, func(t *tx, a *account) reply {
		view := t.accountView("Dashboard")
		view.Owner, view.Action = true, "/_hosted/dashboard/"+a.ID
		for _, platform := range a.Kept.Platforms {
			view.Apps = append(view.Apps, fieldOption{platform, deref(t.server.applicationOf(platform).Name)})
		}
		for _, o := range slices.Backward(t.table(charges).all("")) {
			ch := o.(*charge)
			if len(view.Payments) == shownOnPage {
				break
			}
			line := paymentLine{Words: deref(ch.Description), Amount: amountText(ch.Amount, ch.Currency), Status: ch.Status}
			if ch.Status == succeeded && ch.AmountRefunded < ch.Amount && !ch.Disputed {
				line.ID = ch.ID
			}
			if ch.AmountRefunded > 0 {
				line.Status = "refunded " + amountText(ch.AmountRefunded, ch.Currency)
			}
			view.Payments = append(view.Payments, line)
		}
		return reply{status: http.StatusOK, template: "account", view: view}
	})
}

// onOwner runs a request of an account's own dashboard. Accounts that a platform
// controls have none here, except Standard ones.
func (s *Server) onOwner(w http.ResponseWriter, r *http.Request, do func(t *tx, a *account) reply) {
	own, ok := s.known(r.PathValue("account"))
	if !ok {
		s.absentPage(w)
		return
	}
	var answer reply
	err := own.change(func(t *tx) error {
		a, ok := get[account](t, t.world.id)
		if !ok || a.Kept.Deleted || a.dashboard() != "full" {
			return errGone
		}
		answer = do(t, a)
		return nil
	})
	s.answerPage(w, r, answer, err)
}

// submitOwner takes a platform's access back, refunds a payment, or opens the
// form that is not finished.
func submitOwner(s *Server, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
	if err := r.ParseForm(); err != nil {
		s.page(w, http.StatusBadRequest, "notice", notice{Title: "Something went wrong", Words: "Please go back and try again."})
		return
	}
	s.onOwner(w, r, func(t *tx, a *account) reply {
		own := "/_hosted/dashboard/" + a.ID
		if platform := r.PostForm.Get("revoke"); platform != "" {
			t.disconnect(platform)
		}
		if id := r.PostForm.Get("refund"); id != "" {
			ch, failed := t.chargeByHand(id)
			var amount int64
			if failed == nil {
				amount, failed = t.refundableAmount(ch, 0, false)
			}
			if failed == nil {
				t.refund(ch, amount, "", map[string]string{}, false)
			}
		}
		if r.PostForm.Has("finish") && a.Kept.Setup != nil && !a.formEnded() {
			return reply{to: t.openForm(t.server.pageURL(own)).page("")}
		}
		return reply{to: own}
	})
}
