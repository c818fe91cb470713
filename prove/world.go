package prove

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
)

// world is one organisation with a test clock and an account at the stand-in of
// its own, and its people.
type world struct {
	house    *house
	story    Story
	first    remit.Date // of its first day, to which no clock has come yet: its account's can follow
	top      string
	tenant   uuid.UUID
	account  *caller // the stand-in's account, by its key
	admin    *caller
	adminID  uuid.UUID
	payer    *caller
	payerID  string
	customer string
	saved    map[string]string // cards and bank accounts, by the word a story has for them
	invoices []*bill

	rights sync.Mutex // guards what follows
	grant  string     // of the payer
	banned []banned

	own    struct{ ID string } // the account
	access accessTold          // what was done to the connection

	mutex   sync.Mutex // guards what follows
	keys    int
	claims  []claim
	answers map[string]int
	faults  int

	second     *caller // who approves what the administrator pays; nil where nobody has to
	secondID   string
	shelves    []shelf    // what the store sells
	schedules  []schedule // that were made
	made       int        // schedules
	sentUnpaid []string   // orders that were sent and had brought nothing in

	restricted bool     // Stripe wants to be told something
	sisters    []sister // organisations that were made meanwhile

	asked    int // requests to Stripe, since the stand-in was last killed, and
	told     int // deliveries of events, once judged
	charges  int // captured, once judged
	captured int64
	excess   int64
}

// bill is an invoice that was sent.
type bill struct {
	id, item, number, link string
	amount                 int64
	due                    remit.Date
}

// claim is what an answer said was paid.
type claim struct{ invoice, payment, intent string }

// payerRole is what the payer holds; without it he may not pay.
const payerRole = policies.RoleInvoicePayers

var nameless struct {
	sync.Mutex
	n int
}

// openWorld makes a world's organisation, people, cards and invoices. Nothing
// is killed meanwhile.
func openWorld(ctx context.Context, h *house, s Story) (*world, error) {
	nameless.Lock()
	nameless.n++
	top := fmt.Sprintf("/w%d-%d", nameless.n, s.Seed)
	nameless.Unlock()
	w := &world{
		house: h, story: s, first: remit.DateOf(time.Now().UTC()).AddDays(1), top: top, saved: map[string]string{}, answers: map[string]int{},
		account: newCaller(h.standin, newStripeKey()),
	}
	for _, step := range []func(context.Context) error{w.makePeople, w.connect, w.settings, w.ruleApprovals, w.makeCustomer, w.saveAccounts, w.openStore, w.makeInvoices} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("make the world of seed %d: %w", s.Seed, err)
		}
	}
	return w, nil
}

func (w *world) makePeople(ctx context.Context) (err error) {
	if w.tenant, err = w.house.found(ctx, w.top, &w.first); err != nil {
		return err
	}
	if w.admin, w.adminID, err = w.house.employ(ctx, w.top, "admin", policies.RoleOwner); err != nil {
		return err
	}
	var payer uuid.UUID
	w.payer, payer, err = w.house.employ(ctx, w.top, "payer", payerRole)
	w.payerID = payer.String()
	return err
}

func (w *world) settings(ctx context.Context) error {
	if w.story.Scripted {
		source := "def after_payment(invoice, payment):\n    return [{'set_label': 'Settled'}, {'add_tag': 'proved'}]\n"
		if err := w.admin.must(ctx, http.MethodPut, "/v1/settings/after-payment-script?organisation="+url.QueryEscape(w.top), map[string]any{"source": source}, nil); err != nil {
			return err
		}
	}
	settings := map[string]any{"online_payments": true, "partial_payments": true, "minimum_partial": 100}
	if w.story.Fees != "" {
		settings["surcharge"] = map[string]any{"mode": w.story.Fees}
	}
	if w.story.Carries {
		settings["below_minimum"] = "carry"
	}
	if w.story.Late {
		settings["late_fees"] = lateFees()
	}
	if w.story.Auto != "" {
		settings["auto_charge"], settings["auto_charge_at"] = true, w.story.Auto
	}
	if err := w.admin.must(ctx, http.MethodPut, "/v1/settings/notices?organisation="+url.QueryEscape(w.top), map[string]any{"reminders": true}, nil); err != nil {
		return err
	}
	if err := w.admin.must(ctx, http.MethodPut, "/v1/settings/payments", settings, nil); err != nil {
		return err
	}
	var grants struct {
		Data []struct{ ID, User string }
	}
	if err := w.admin.must(ctx, http.MethodGet, "/v1/grants", nil, &grants); err != nil {
		return err
	}
	for _, grant := range grants.Data {
		if grant.User == w.payerID {
			w.grant = grant.ID
		}
	}
	if w.grant == "" {
		return errors.New("the payer's role is not listed")
	}
	return nil
}

func (w *world) makeCustomer(ctx context.Context) error {
	var made struct{ ID string }
	if err := w.admin.must(ctx, http.MethodPost, "/v1/customers", map[string]any{"organisation": w.top, "name": "Globex", "email": "pay@globex.test"}, &made); err != nil {
		return err
	}
	w.customer = made.ID
	methods := "/v1/customers/" + w.customer + "/payment-methods"
	for _, word := range []string{"saved", "saved-broke"} {
		var page struct{ URL string }
		if err := w.admin.must(ctx, http.MethodPost, methods, map[string]any{}, &page); err != nil {
			return err
		}
		if _, err := newVisitor().typeCard(ctx, page.URL, cards[word]); err != nil {
			return err
		}
		var kept struct {
			Data []struct{ ID, Last4 string }
		}
		if err := w.admin.must(ctx, http.MethodGet, methods, nil, &kept); err != nil {
			return err
		}
		for _, card := range kept.Data {
			if strings.HasSuffix(cards[word], card.Last4) {
				w.saved[word] = card.ID
			}
		}
		if w.saved[word] == "" {
			return fmt.Errorf("the card %s was not saved", word)
		}
	}
	return nil
}

func (w *world) makeInvoices(ctx context.Context) error {
	for n, made := range w.story.Invoices {
		b := &bill{number: "P-" + strconv.Itoa(n), amount: made.Amount, due: w.first.AddDays(made.Due)}
		var sent struct {
			ID         string
			WorkItemID string `json:"work_item_id"`
			Link       string `json:"payment_link"`
		}
		if err := w.admin.must(ctx, http.MethodPost, "/v1/invoices", w.content(b, b.amount), &sent); err != nil {
			return err
		}
		if err := w.admin.must(ctx, http.MethodPost, "/v1/invoices/"+sent.ID+"/send", nil, &sent); err != nil {
			return err
		}
		b.id, b.item, b.link = sent.ID, sent.WorkItemID, sent.Link
		w.invoices = append(w.invoices, b)
	}
	return nil
}

// key makes an idempotency key.
func (w *world) key() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.keys++
	return fmt.Sprintf("k-%d-%d", w.story.Seed, w.keys)
}

// amount is what is owed as somebody reads it before he pays, unless the story
// says how much.
func (w *world) amount(ctx context.Context, invoice *bill, wanted int64) int64 {
	if wanted > 0 {
		return wanted
	}
	var shown struct{ Outstanding int64 }
	got, err := w.admin.insist(ctx, 5*time.Second, http.MethodGet, "/v1/invoices/"+invoice.id, "", nil)
	if err != nil || got.into(&shown) != nil || shown.Outstanding <= 0 {
		return invoice.amount
	}
	return shown.Outstanding
}

// believe remembers what an answer said was paid.
func (w *world) believe(invoice *bill, got answer) {
	var said struct {
		ID      string
		Payment *struct {
			ID     string
			State  remit.AttemptState
			Stripe struct {
				Intent string `json:"payment_intent"`
			}
		}
	}
	if got.status >= http.StatusMultipleChoices || got.into(&said) != nil {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	switch {
	case said.Payment != nil && said.Payment.State == remit.AttemptSucceeded:
		w.claims = append(w.claims, claim{invoice.id, said.Payment.ID, said.Payment.Stripe.Intent})
	case said.Payment == nil && got.status == http.StatusCreated:
		w.claims = append(w.claims, claim{invoice: invoice.id, payment: said.ID})
	}
}

// answered counts how acts were answered.
func (w *world) answered(kind string, got answer, err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if err != nil {
		w.answers[kind+" no answer"]++
		return
	}
	how := kind + " " + strconv.Itoa(got.status)
	var problem struct{ Code string }
	if got.status >= http.StatusBadRequest && got.into(&problem) == nil {
		how += " " + problem.Code
	}
	w.answers[how]++
}

// now is the organisation's time.
func (w *world) now(ctx context.Context) (now time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		err = w.house.sql.QueryRow(ctx, "select clock_timestamp() + clock_offset from organisations where tenant = $1 and clock_offset is not null", w.tenant).Scan(&now)
		if err == nil || !pause(ctx, 50*time.Millisecond) {
			return now, err
		}
	}
}
