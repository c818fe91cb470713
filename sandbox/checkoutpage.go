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
	Kept                     string    // what is saved: a card, a bank account or one of them
	Card                     bool      // cards are taken
	Bank                     *bankView // nil where bank accounts are not
}

type lineView struct{ Description, Each, Amount string }

func showCheckout(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onSession(w, r, func(t *tx, cs *checkoutSession) reply {
		if cs.Status != sessionOpen {
			return closedSession(t, cs)
		}
		form, status := &cardForm{Email: cs.Kept.Email, Name: cs.Kept.Name, Save: cs.Kept.Save}, http.StatusOK
		if refused := cs.Kept.Refused; refused != nil {
			form.errors, form.Method, status = refused.Errors, refused.Method, refused.Status
		}
		return t.checkoutReply(status, cs, form, form.errors[""])
	})
}

// submitCheckout pays, or saves the card. The form carries the number of
// submits it was shown after; one that comes again is not another attempt. The
// answer is never a page: browsers cannot go back to one that answered a form.
func submitCheckout(s *Server, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		s.page(w, http.StatusBadRequest, "notice", notice{Title: "Something went wrong", Words: "Please go back and try again."})
		return
	}
	s.onSession(w, r, func(t *tx, cs *checkoutSession) reply {
		if cs.Status != sessionOpen {
			return reply{to: cs.page()}
		}
		if attempt, err := strconv.Atoi(r.PostForm.Get("attempt")); err != nil || attempt != cs.Kept.Submits {
			stands := t.whereItStands(cs)
			if stands.to == "" {
				stands = reply{to: cs.page()}
			}
			return stands
		}
		if cs.emailFixed() {
			r.PostForm.Set("email", *cs.CustomerDetails.Email)
		}
		if method := r.PostForm.Get("method"); method == bankSignIn || method == bankTyped {
			return t.takeBank(cs, r)
		}
		if !cs.takes("card") {
			return reply{to: cs.page()}
		}
		form := readCardForm(r.PostForm, t.at)
		if len(form.errors) > 0 {
			return t.refuse(cs, form, http.StatusUnprocessableEntity)
		}
		return t.submit(cs, form)
	})
}

// refusedForm is what was wrong with a form, and the status to say it with.
type refusedForm struct {
	Status int               `json:"status"`
	Errors map[string]string `json:"errors"`           // by field, "" for the whole form
	Method string            `json:"method,omitempty"` // which of the page's forms it was, "" is the card's
}

// refuse leads back to the session's page, which says what was wrong. Of what
// was typed nothing is kept that may not be shown again.
func (t *tx) refuse(cs *checkoutSession, form *cardForm, status int) reply {
	cs.Kept.Email, cs.Kept.Name, cs.Kept.Save = form.Email, form.Name, form.Save
	cs.Kept.Refused = &refusedForm{status, form.errors, form.Method}
	t.put(cs)
	return reply{to: cs.page()}
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
	s.onPage(w, r, r.PathValue("session"), func(t *tx) (reply, error) {
		cs, ok := get[checkoutSession](t, r.PathValue("session"))
		if !ok {
			return reply{}, errGone
		}
		if cs.Status == sessionOpen && t.seconds() >= cs.ExpiresAt {
			t.expire(cs)
		}
		return do(t, cs), nil
	})
}

// onPage runs a page request on the account that has the page's object and
// answers once what it changed is on disk.
func (s *Server) onPage(w http.ResponseWriter, r *http.Request, id string, do func(t *tx) (reply, error)) {
	var answer reply
	err := s.visit(id, func(t *tx) (err error) {
		answer, err = do(t)
		return err
	})
	s.answerPage(w, r, answer, err)
}

func (s *Server) answerPage(w http.ResponseWriter, r *http.Request, answer reply, err error) {
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
			title, words = "Your "+cs.what()+" is saved", "This page has done its work. There is nothing left to do here."
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
		Title: cs.title(t.sellerName()), Seller: t.sellerName(), Action: cs.page(),
		Attempt: cs.Kept.Submits, Kept: cs.what(), Card: cs.takes("card"), Bank: cs.bankViewOf(t.sellerName(), form),
		OfferSave: cs.offersSave(), Save: form.Save, Keeps: cs.Mode == "payment" && cs.futureUsage() != nil,
	}
	if form.Method == "" {
		view.Problem, view.Fields = problem, form.fields(cs.emailFixed())
	} else {
		view.Fields = (&cardForm{Email: form.Email, Name: form.Name}).fields(cs.emailFixed())
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
		return "Save a " + s.what() + " with " + seller
	}
	return "Pay " + seller
}

// what is saved by the session, as its page says it.
func (s *checkoutSession) what() string {
	switch {
	case !s.takes(usBankAccount):
		return "card"
	case !s.takes("card"):
		return "bank account"
	}
	return "payment method"
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
