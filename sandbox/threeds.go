package sandbox

import (
	"errors"
	"net/http"
	"net/url"
)

// authentication is a visit to the bank's page that an intent waits for.
type authentication struct {
	ID        string `json:"id"`
	Created   int64  `json:"created"`
	Intent    string `json:"intent"` // pi_… or seti_…
	ReturnURL string `json:"return_url"`
}

var authentications = register(&kind{name: "_authentication", global: true, fresh: func() object { return &authentication{} }})

func (*authentication) kind() *kind          { return authentications }
func (a *authentication) key() string        { return a.ID }
func (a *authentication) born() int64        { return a.Created }
func (a *authentication) listedBy() []string { return nil }
func (a *authentication) hidden() any        { return nil }

func init() {
	hosted("GET /_hosted/3ds/{id}", showAuthentication)
	hosted("POST /_hosted/3ds/{id}", finishAuthentication)
}

// openAuthentication makes the page for an intent and the next_action that
// leads to it.
func (t *tx) openAuthentication(intent, returnURL string) (page string, next *nextAction) {
	a := &authentication{ID: newID("tds"), Created: t.seconds(), Intent: intent, ReturnURL: returnURL}
	t.put(a)
	address := t.server.pageURL("/_hosted/3ds/" + a.ID)
	if returnURL == "" {
		return a.ID, &nextAction{
			Type:         "use_stripe_sdk",
			UseStripeSDK: &useStripeSDK{StripeJS: address, Type: "three_d_secure_redirect"},
		}
	}
	return a.ID, &nextAction{Type: "redirect_to_url", RedirectToURL: &redirectToURL{ReturnURL: &returnURL, URL: address}}
}

func challenged() *threeDSecure {
	flow, indicator, transaction := "challenge", "05", random(20)
	return &threeDSecure{
		AuthenticationFlow: &flow, ElectronicCommerceIndicator: &indicator,
		Result: "authenticated", TransactionID: &transaction, Version: "2.2.0",
	}
}

// errGone is a page whose object waits for it no more.
var errGone = errors.New("gone")

type authenticationView struct{ Title, What string }

// nothingToConfirm is the page of a visit that nobody waits for any more.
var nothingToConfirm = notice{Title: "Nothing to confirm", Words: "There is nothing to confirm here any more."}

func showAuthentication(s *Server, rw http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	view := authenticationView{}
	err := s.visit(id, func(t *tx) error {
		a, ok := get[authentication](t, id)
		if !ok {
			return errGone
		}
		intent := t.awaiting(a)
		switch o := intent.(type) {
		case *paymentIntent:
			view = authenticationView{"Confirm it is you", "Pay " + amountText(o.Amount, o.Currency) + " with " + must[paymentMethod](t, *o.PaymentMethod).methodLabel() + "."}
		case *setupIntent:
			view = authenticationView{"Confirm it is you", "Save " + must[paymentMethod](t, *o.PaymentMethod).methodLabel() + " for later payments."}
		}
		return nil
	})
	switch {
	case errors.Is(err, errGone):
		s.page(rw, http.StatusNotFound, "notice", nothingToConfirm)
	case err != nil:
		http.Error(rw, "The stand-in failed.", http.StatusInternalServerError)
	case view.What == "":
		s.page(rw, http.StatusOK, "notice", nothingToConfirm)
	default:
		s.page(rw, http.StatusOK, "challenge", view)
	}
}

// awaiting is the intent that waits for this very visit, nil if none does.
func (t *tx) awaiting(a *authentication) object {
	if pi, ok := get[paymentIntent](t, a.Intent); ok && pi.Kept.Page == a.ID && pi.Status == needsAction {
		return pi
	}
	if si, ok := get[setupIntent](t, a.Intent); ok && si.Kept.Page == a.ID && si.Status == needsAction {
		return si
	}
	return nil
}

func finishAuthentication(s *Server, rw http.ResponseWriter, r *http.Request) {
	id, passed := r.PathValue("id"), r.PostFormValue("outcome") == "complete"
	back := ""
	err := s.visit(id, func(t *tx) error {
		a, ok := get[authentication](t, id)
		if !ok {
			return errGone
		}
		switch o := t.awaiting(a).(type) {
		case *paymentIntent:
			t.finishPayment(o, passed)
		case *setupIntent:
			t.finishSetup(o, passed)
		}
		back = t.wayBack(a) // also for who pressed the button twice
		return nil
	})
	switch {
	case errors.Is(err, errGone):
		s.page(rw, http.StatusNotFound, "notice", nothingToConfirm)
	case err != nil:
		http.Error(rw, "The stand-in failed.", http.StatusInternalServerError)
	case back == "":
		s.page(rw, http.StatusOK, "notice", notice{Title: "Thank you", Words: "You can close this page."})
	default:
		http.Redirect(rw, r, back, http.StatusSeeOther)
	}
}

// wayBack is where a visit leads in the end, "" if nobody waits there.
func (t *tx) wayBack(a *authentication) string {
	if pi, ok := get[paymentIntent](t, a.Intent); ok {
		return returnAddress(a.ReturnURL, "payment_intent", pi.ID, pi.ClientSecret, pi.Status)
	}
	si := must[setupIntent](t, a.Intent)
	return returnAddress(a.ReturnURL, "setup_intent", si.ID, si.ClientSecret, si.Status)
}

// finishPayment goes on with a payment after its payer was asked.
func (t *tx) finishPayment(pi *paymentIntent, passed bool) {
	m := must[paymentMethod](t, *pi.PaymentMethod)
	if passed {
		// A decline is in the intent; there is no request to answer with it.
		_ = t.charge(pi, m, challenged())
		return
	}
	_ = t.failIntent(pi, m, &apiError{
		Status: 402, Type: typeInvalid, Code: "payment_intent_authentication_failure",
		Message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
	})
}

// returnAddress is where the payer goes afterwards, with what Stripe adds.
func returnAddress(to, kind, id, secret, status string) string {
	u, err := url.Parse(to)
	if to == "" || err != nil {
		return ""
	}
	q := u.Query()
	q.Set(kind, id)
	q.Set(kind+"_client_secret", secret)
	q.Set("redirect_status", "failed")
	if status == succeeded {
		q.Set("redirect_status", "succeeded")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// visit runs fn as a change of the account that has the page's object, and
// waits until it is on disk. It returns errGone if no account has it.
func (s *Server) visit(id string, fn func(t *tx) error) error {
	w, ok := s.owner(id)
	if !ok {
		return errGone
	}
	return w.change(fn)
}

// change runs fn as one change of the account and waits until it is on disk.
// An error of fn leaves nothing behind.
func (w *world) change(fn func(t *tx) error) error {
	w.mu.Lock()
	t := w.begin()
	err := fn(t)
	if err != nil {
		t.discard()
	}
	position := t.commit(nil)
	w.mu.Unlock()
	position = max(position, w.carryErrands())
	return errors.Join(err, w.server.journal.wait(position))
}
