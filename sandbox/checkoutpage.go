package sandbox

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
)

func init() {
	hosted("GET /_hosted/checkout/{session}", showCheckout)
	hosted("POST /_hosted/checkout/{session}", submitCheckout)
	hosted("GET /_hosted/checkout/{session}/return", returnToCheckout)
}

// checkoutView is what the page of an open session shows.
type checkoutView struct {
	Title, Seller, CancelURL string
	Amount                   string // "" where nothing is charged
	Lines                    []lineView
	Action                   string
	Attempt                  int
	Problem                  string
	Fields                   []formField
	OfferSave, Save, Keeps   bool
}

type lineView struct{ Description, Each, Amount string }

func showCheckout(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onSession(w, r, func(t *tx, cs *checkoutSession) reply {
		if cs.Status != sessionOpen {
			return closedSession(t, cs)
		}
		form := &cardForm{Email: cs.Kept.Email, Name: cs.Kept.Name, Save: cs.Kept.Save}
		return t.checkoutReply(http.StatusOK, cs, form, "")
	})
}

// submitCheckout pays, or saves the card. The form carries the number of
// submits it was shown after; one that comes again is not another attempt.
func submitCheckout(s *Server, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		s.page(w, http.StatusBadRequest, "notice", notice{Title: "Something went wrong", Words: "Please go back and try again."})
		return
	}
	s.onSession(w, r, func(t *tx, cs *checkoutSession) reply {
		if cs.Status != sessionOpen {
			return closedSession(t, cs)
		}
		if attempt, err := strconv.Atoi(r.PostForm.Get("attempt")); err != nil || attempt != cs.Kept.Submits {
			return t.whereItStands(cs)
		}
		if cs.emailFixed() {
			r.PostForm.Set("email", *cs.CustomerDetails.Email)
		}
		form := readCardForm(r.PostForm, t.at)
		if len(form.errors) > 0 {
			return t.checkoutReply(http.StatusUnprocessableEntity, cs, form, "")
		}
		return t.submit(cs, form)
	})
}

// returnToCheckout is where a challenge ends.
func returnToCheckout(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onSession(w, r, func(t *tx, cs *checkoutSession) reply { return t.whereItStands(cs) })
}

// reply is what a page request ends in: an address to go to, or a page.
type reply struct {
	to       string
	status   int
	template string
	view     any
}

// onSession runs a page request on its session and answers once what it
// changed is on disk. An open session past its time expires first.
func (s *Server) onSession(w http.ResponseWriter, r *http.Request, do func(*tx, *checkoutSession) reply) {
	var answer reply
	err := s.visit(r.PathValue("session"), func(t *tx) error {
		cs, ok := get[checkoutSession](t, r.PathValue("session"))
		if !ok {
			return errGone
		}
		if cs.Status == sessionOpen && t.seconds() >= cs.ExpiresAt {
			t.expire(cs)
		}
		answer = do(t, cs)
		return nil
	})
	switch {
	case errors.Is(err, errGone):
		s.absentPage(w)
	case err != nil:
		s.page(w, http.StatusInternalServerError, "notice", notice{Title: "Something went wrong", Words: "Please try again in a moment."})
	case answer.to != "":
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		http.Redirect(w, r, answer.to, http.StatusSeeOther)
	default:
		s.page(w, answer.status, answer.template, answer.view)
	}
}

// closedSession is the page of a session that is over.
func closedSession(t *tx, cs *checkoutSession) reply {
	if cs.Status == sessionComplete {
		title, words := "You already paid", "This payment is complete. There is nothing left to do here."
		if cs.Mode == "setup" {
			title, words = "Your card is saved", "This page has done its work. There is nothing left to do here."
		}
		return reply{status: http.StatusOK, template: "notice", view: notice{
			Title: title, Words: words, Link: cs.successAddress(), LinkWords: "Continue to " + t.sellerName(),
		}}
	}
	gone := notice{
		Title: "This page has expired",
		Words: "Nothing was charged. Please go back to " + t.sellerName() + " and start again.",
	}
	if cs.CancelURL != nil {
		gone.Link, gone.LinkWords = *cs.CancelURL, "Back to "+t.sellerName()
	}
	return reply{status: http.StatusGone, template: "notice", view: gone}
}

// successAddress is where a person goes who is done.
func (s *checkoutSession) successAddress() string {
	return strings.ReplaceAll(s.SuccessURL, "{CHECKOUT_SESSION_ID}", s.ID)
}

// checkoutReply is the form of an open session.
func (t *tx) checkoutReply(status int, cs *checkoutSession, form *cardForm, problem string) reply {
	if cs.emailFixed() {
		form.Email = *cs.CustomerDetails.Email
	}
	view := checkoutView{
		Title: cs.title(t.sellerName()), Seller: t.sellerName(), Action: "/_hosted/checkout/" + cs.ID,
		Attempt: cs.Kept.Submits, Problem: problem, Fields: form.fields(cs.emailFixed()),
		OfferSave: cs.offersSave(), Save: form.Save, Keeps: cs.Mode == "payment" && cs.futureUsage() != nil,
	}
	if cs.CancelURL != nil {
		view.CancelURL = *cs.CancelURL
	}
	if cs.Mode == "payment" {
		view.Amount = amountText(*cs.AmountTotal, *cs.Currency)
		for _, item := range cs.Kept.Items {
			line := lineView{Description: item.Description, Amount: amountText(item.AmountTotal, item.Currency)}
			if item.Quantity > 1 {
				line.Each = strconv.FormatInt(item.Quantity, 10) + " × " + amountText(item.Price.UnitAmount, item.Currency)
			}
			view.Lines = append(view.Lines, line)
		}
	}
	return reply{status: status, template: "checkout", view: view}
}

func (s *checkoutSession) title(seller string) string {
	if s.Mode == "setup" {
		return "Save a card with " + seller
	}
	return "Pay " + seller
}

// emailFixed says that the session came with an address, which the person
// cannot change.
func (s *checkoutSession) emailFixed() bool {
	return s.CustomerDetails != nil && s.CustomerDetails.Email != nil
}

// sellerName is who is paid, as the page says it.
func (t *tx) sellerName() string {
	seller := must[account](t, t.world.id)
	switch {
	case seller.BusinessProfile.Name != nil:
		return *seller.BusinessProfile.Name
	case seller.Settings.Dashboard.DisplayName != nil:
		return *seller.Settings.Dashboard.DisplayName
	}
	return "the seller"
}

// amountText is money for a page, e.g. "$10.00 USD".
func amountText(amount int64, currency string) string {
	return strings.ToUpper(money(amount, currency))
}
