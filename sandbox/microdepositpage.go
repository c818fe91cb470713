package sandbox

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func init() {
	hosted("GET /_hosted/microdeposits/{id}", showDeposits)
	hosted("POST /_hosted/microdeposits/{id}", submitDeposits)
}

// depositsView is what the page of a verification shows: the forms, and beside
// them what the payer's statement says once the deposits are there.
type depositsView struct {
	Title, Account, Arrives string
	Statement               []lineView // nil while they are on their way
	Fields                  []formField
	Left                    int
	Problem                 string
}

func showDeposits(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onDeposits(w, r, func(t *tx, d *microdeposit) reply {
		if t.awaitingDeposits(d) == nil {
			return d.ended()
		}
		return t.depositsReply(d)
	})
}

// submitDeposits takes a guess. Its answer leads back to the page, which says
// what came of it.
func submitDeposits(s *Server, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
	if err := r.ParseForm(); err != nil {
		s.page(w, http.StatusBadRequest, "notice", notice{Title: "Something went wrong", Words: "Please go back and try again."})
		return
	}
	s.onDeposits(w, r, func(t *tx, d *microdeposit) reply {
		if t.awaitingDeposits(d) == nil {
			return reply{to: d.page()}
		}
		d.Refused = ""
		if failed := t.tryDeposits(d, typedGuess(r)); failed != nil {
			is := must[microdeposit](t, d.ID)
			is.Refused = failed.Message
			t.put(is)
		}
		return reply{to: d.page()}
	})
}

// typedGuess reads amounts as people write them: 0.32, $0.32, .32 or 32.
func typedGuess(r *http.Request) guess {
	if code := strings.TrimSpace(r.PostForm.Get("descriptor_code")); code != "" {
		return guess{code: strings.ToUpper(code)}
	}
	var g guess
	for _, field := range []string{"amount_1", "amount_2"} {
		text := strings.TrimLeft(strings.TrimSpace(r.PostForm.Get(field)), "$0.")
		amount, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			amount = 0 // no cents at all: refused by its shape
		}
		g.amounts = append(g.amounts, amount)
	}
	return g
}

// onDeposits runs a page request on its verification and answers once what it
// changed is on disk.
func (s *Server) onDeposits(w http.ResponseWriter, r *http.Request, do func(*tx, *microdeposit) reply) {
	var answer reply
	err := s.visit(r.PathValue("id"), func(t *tx) error {
		d, ok := get[microdeposit](t, r.PathValue("id"))
		if !ok {
			return errGone
		}
		answer = do(t, d)
		return nil
	})
	switch {
	case errors.Is(err, errGone):
		s.absentPage(w)
	case err != nil:
		s.page(w, http.StatusInternalServerError, "notice", notice{Title: "Something went wrong", Words: "Please try again in a moment."})
	case answer.to != "":
		http.Redirect(w, r, answer.to, http.StatusSeeOther)
	default:
		s.page(w, answer.status, answer.template, answer.view)
	}
}

func (d *microdeposit) page() string { return "/_hosted/microdeposits/" + d.ID }

// ended is the page of a verification that is over.
func (d *microdeposit) ended() reply {
	words := notice{Title: "Your bank account is verified", Words: "Thank you. You can close this page."}
	if d.Outcome != depositsVerified {
		words = notice{Title: "Your bank account could not be verified", Words: "Please go back to the seller and begin again, or use another account."}
		if e := depositErrors[d.Outcome]; e != nil {
			words.Words = e.Message + " " + words.Words
		}
	}
	return reply{status: http.StatusOK, template: "notice", view: words}
}

func (t *tx) depositsReply(d *microdeposit) reply {
	m := must[paymentMethod](t, t.methodOf(d))
	v := depositsView{
		Title: "Verify your bank account", Account: m.methodLabel(), Left: d.left(), Problem: d.Refused,
		Arrives: dayText(d.Arrives),
	}
	arrived := t.seconds() >= d.Arrives && !m.bank().bounces
	if d.Kind == byCode {
		v.Fields = []formField{{Name: "descriptor_code", Label: "Code on your statement", Type: "text", Autocomplete: "off", Placeholder: "SM…"}}
		if arrived {
			v.Statement = []lineView{{Description: "SM11AA ACCTVERIFY", Amount: "$0.01"}}
		}
	} else {
		v.Fields = []formField{
			{Name: "amount_1", Label: "First amount", Type: "text", Autocomplete: "off", Placeholder: "0.00", Half: true, Numeric: true},
			{Name: "amount_2", Label: "Second amount", Type: "text", Autocomplete: "off", Placeholder: "0.00", Half: true, Numeric: true},
		}
		if arrived {
			v.Statement = []lineView{{Description: "ACCTVERIFY", Amount: "$0.32"}, {Description: "ACCTVERIFY", Amount: "$0.45"}}
		}
	}
	status := http.StatusOK
	if d.Refused != "" {
		status = http.StatusUnprocessableEntity
	}
	return reply{status: status, template: "microdeposits", view: v}
}

// dayText is a day of the bank's calendar for people.
func dayText(second int64) string {
	at := time.Unix(second, 0)
	return at.In(eastern(at)).Format("Monday, January 2, 2006")
}

// methodOf is the account that the deposits are for.
func (t *tx) methodOf(d *microdeposit) string {
	if pi, ok := t.awaitingDeposits(d).(*paymentIntent); ok {
		return *pi.PaymentMethod
	}
	return *must[setupIntent](t, d.Intent).PaymentMethod
}
