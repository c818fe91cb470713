package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79/webhook"
	"go.temporal.io/sdk/client"
	"pgregory.net/rapid"

	"remit"
	"remit/commands"
	"remit/postgres"
)

// Any order, any doubling and any delay of all the events of an invoice's life
// ends in the state that their order of birth ends in: what is heard late of a
// declined payment takes nothing back of one that succeeded (M6;
// wc-gateway-stripe#902, polar#13315).
func TestM6AnyOrderOfAnInvoicesEventsEndsAlike(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.mayRefund()
	s.debits()
	post := s.postOffice()
	histories := maps.Clone(histories)
	maps.Copy(histories, debitHistories)
	names := slices.Sorted(maps.Keys(histories))
	ends := map[string]ending{}
	for _, name := range names {
		ends[name] = s.live(post, histories[name], inOrder)
		t.Logf("%s: %+v", name, ends[name])
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "history")
		if got := s.live(post, histories[name], anyOrder(t)); !reflect.DeepEqual(got, ends[name]) {
			t.Fatalf("%s:\n got %+v\nwant %+v\nheard %q", name, got, ends[name], post.heard)
		}
	})
}

// histories are what may happen to an invoice over 120.00: what is done here,
// and then what happens at Stripe, where only events tell of it.
var histories = map[string][]func(*shop, *story){
	"paid":                                  {pays("pm_card_visa", 12000)},
	"declined, then paid":                   {pays("pm_card_chargeCustomerFail", 12000), pays("pm_card_visa", 12000)},
	"paid in two parts":                     {pays("pm_card_visa", 5000), pays("pm_card_visa", 7000)},
	"the answer was lost":                   {loses(pays("pm_card_visa", 12000))},
	"the answer of a decline was lost":      {loses(pays("pm_card_chargeCustomerFail", 12000))},
	"a checkout":                            {opensCheckout, submits("4242424242424242")},
	"a checkout nobody pays":                {opensCheckout},
	"declined on the page, then paid there": {opensCheckout, submits("4000000000000002"), submits("4242424242424242")},
	"a checkout expired by a card":          {opensCheckout, submits("4000000000000002"), pays("pm_card_visa", 12000)},
	"the bank wants the payer, who comes":   {pays("pm_card_authenticationRequired", 12000), opensCheckout, submits("4242424242424242")},
	"the payer is with his bank":            {opensCheckout, submits("4000002500003155")},
	"charged by hand after a decline":       {pays("pm_card_chargeCustomerFail", 12000), byHand},
	"charged by hand, paid already":         {pays("pm_card_chargeCustomerFail", 12000), transfers, byHand},
	"refunded in part, then whole":          {pays("pm_card_visa", 12000), refundsAtStripe(4000), refundsAtStripe(0)},
	"refunded there, which takes a while":   {pays("pm_card_pendingRefund", 12000), refundsAtStripe(4000), movesIt("succeeded")},
	"refunded there, which comes to nought": {pays("pm_card_pendingRefund", 12000), refundsAtStripe(4000), movesIt("failed")},
	"the answer was lost, then refunded":    {loses(pays("pm_card_visa", 12000)), refundsAtStripe(4000)},
	"the answer was lost, then disputed":    {loses(pays("pm_card_visa", 12000)), disputes(false), closesIt("lost")},
	"refunded here, then there":             {pays("pm_card_visa", 12000), refundsHere(remit.RefundReopens, 3000), refundsAtStripe(4000)},
	"refunded and paid again":               {pays("pm_card_visa", 12000), refundsHere(remit.RefundReopens, 12000), pays("pm_card_visa", 12000)},
	"given up":                              {pays("pm_card_visa", 12000), refundsHere(remit.RefundWritesOff, 12000)},
	"disputed":                              {pays("pm_card_visa", 12000), disputes(false)},
	"disputed and won":                      {pays("pm_card_visa", 12000), disputes(false), closesIt("won")},
	"disputed and lost":                     {pays("pm_card_visa", 12000), disputes(false), closesIt("lost")},
	"asked about":                           {pays("pm_card_visa", 12000), disputes(true), closesIt("won")},
	"asked about, taken and given back":     {pays("pm_card_visa", 12000), disputes(true), takesIt, closesIt("won")},
	"refunded in part, the rest disputed":   {pays("pm_card_visa", 12000), refundsAtStripe(4000), disputes(false), closesIt("lost")},
	"the rest disputed and won":             {pays("pm_card_visa", 12000), refundsAtStripe(4000), disputes(false), closesIt("won")},
	"excess, and disputed":                  {pays("pm_card_chargeCustomerFail", 12000), transfers, byHand, disputes(false), closesIt("lost")},
}

// story is one life of a history: its invoice, and what of Stripe it is about.
type story struct {
	ref     remit.InvoiceRef
	page    string
	dispute string
	refund  string
}

func pays(card string, amount int64) func(*shop, *story) {
	return func(s *shop, v *story) {
		_, err := s.payments.Perform(s.t.Context(), v.ref, s.pay(v.ref, amount, s.saved(card)))
		must(s.t, err)
	}
}

// loses has the answer to the confirm lost on its way.
func loses(act func(*shop, *story)) func(*shop, *story) {
	return func(s *shop, v *story) {
		s.watched.after = func(_, path string) error {
			if strings.HasPrefix(path, "/v1/payment_intents/") && strings.HasSuffix(path, "/confirm") {
				return errors.New("the line went dead")
			}
			return nil
		}
		act(s, v)
		s.watched.after = nil
	}
}

func opensCheckout(s *shop, v *story) { v.page = s.checkout(v.ref, 12000, false) }

func submits(card string) func(*shop, *story) {
	return func(s *shop, v *story) { s.submit(v.page, card, false) }
}

func transfers(s *shop, v *story) {
	_, err := s.payments.Perform(s.t.Context(), v.ref, s.request(v.ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: 12000, Method: "bank_transfer", Reference: "R"}))
	must(s.t, err)
}

func byHand(s *shop, v *story) { s.chargeByHand(v.ref) }

func refundsHere(choice remit.RefundChoice, amount int64) func(*shop, *story) {
	return func(s *shop, v *story) {
		_, payments := s.read(v.ref)
		asked, refused := s.asked(v.ref, remit.RefundRequest{Payment: payments[0].ID, Amount: amount, Choice: choice})
		if refused != nil {
			s.t.Fatalf("the refund was refused: %+v", refused)
		}
		s.send(asked)
	}
}

func refundsAtStripe(amount int64) func(*shop, *story) {
	return func(s *shop, v *story) {
		v.refund = s.act("/charges/"+s.chargeOf(v.ref)+"/refund", map[string]any{"amount": amount})
	}
}

// movesIt is what the bank does to the refund that was made at Stripe.
func movesIt(to string) func(*shop, *story) {
	return func(s *shop, v *story) { s.act("/refunds/"+v.refund, map[string]any{"status": to}) }
}

func disputes(inquiry bool) func(*shop, *story) {
	return func(s *shop, v *story) {
		v.dispute = s.act("/charges/"+s.chargeOf(v.ref)+"/dispute", map[string]any{"inquiry": inquiry})
	}
}

func takesIt(s *shop, v *story) { s.act("/disputes/"+v.dispute+"/escalate", map[string]any{}) }

func closesIt(outcome string) func(*shop, *story) {
	return func(s *shop, v *story) { s.act("/disputes/"+v.dispute+"/close", map[string]any{"outcome": outcome}) }
}

// saved is a card of the customer's, attached once.
func (s *shop) saved(token string) uuid.UUID {
	if s.cards == nil {
		s.cards = map[string]uuid.UUID{}
	}
	if _, attached := s.cards[token]; !attached {
		s.cards[token] = s.save(token)
	}
	return s.cards[token]
}

// chargeOf is the charge of the invoice's first intent that was captured.
func (s *shop) chargeOf(ref remit.InvoiceRef) string {
	s.t.Helper()
	_, payments := s.read(ref)
	for _, payment := range payments {
		if payment.PaymentIntent == "" {
			continue
		}
		intent, err := s.stripe.PaymentIntents.Get(payment.PaymentIntent, nil)
		must(s.t, err)
		if intent.LatestCharge != nil && intent.AmountReceived > 0 {
			return intent.LatestCharge.ID
		}
	}
	s.t.Fatal("nothing was captured")
	return ""
}

// order says which of so many waiting events come in after an act, in which
// order and how often, and which wait longer; over is after the last act, when
// none does.
type order func(waiting int, over bool) (now, later []int)

func inOrder(waiting int, _ bool) (now, later []int) {
	for n := range waiting {
		now = append(now, n)
	}
	return now, nil
}

func anyOrder(t *rapid.T) order {
	return func(waiting int, over bool) (now, later []int) {
		for n := range waiting {
			switch {
			case !over && rapid.Bool().Draw(t, "late"):
				later = append(later, n)
			case rapid.Bool().Draw(t, "doubled"):
				now = append(now, n, n)
			default:
				now = append(now, n)
			}
		}
		if len(now) > 1 {
			now = rapid.Permutation(now).Draw(t, "order")
		}
		return now, later
	}
}

// live takes an invoice through a history, events coming in by an order, until
// nothing more happens within a day.
func (s *shop) live(post *postOffice, history []func(*shop, *story), by order) ending {
	s.t.Helper()
	v := &story{ref: s.invoiceDue(12000, "2030-04-01")}
	for _, act := range history {
		for _, card := range []string{"pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired", "pm_card_pendingRefund"} {
			s.saved(card)
		}
		post.fetch()
		post.discard(v)
		act(s, v)
		post.fetch()
		s.work(v.ref)
		post.bring(v, by, false)
	}
	post.bring(v, by, true)
	s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	defer func() { s.payments.Now = time.Now }()
	for range 3 {
		s.work(v.ref)
		post.fetch()
		post.bring(v, inOrder, true)
	}
	return s.ending(v.ref)
}

// work is what the invoice's workflow does when it is woken, and those of its
// refunds.
func (s *shop) work(ref remit.InvoiceRef) {
	s.t.Helper()
	s.advance(ref)
	for _, r := range s.refundsOf(ref) {
		if !r.State.Ended() {
			s.send(remit.RefundRef{Tenant: ref.Tenant, Invoice: ref.Invoice, Refund: r.ID})
		}
	}
}

// ending is all that a history leaves behind, but for ids and times.
type ending struct {
	standing
	Overdue  bool
	Payments []string
	Attempts []string
	Refunds  []string
	Excess   []string
	Live     bool
	Waiting  int // events that nobody has looked at
}

func (s *shop) ending(ref remit.InvoiceRef) ending {
	s.t.Helper()
	ctx := s.t.Context()
	invoice, payments := s.read(ref)
	e := ending{standing: s.standing(ref), Overdue: invoice.Overdue, Live: invoice.InFlight != nil}
	for _, p := range payments {
		e.Payments = append(e.Payments, fmt.Sprintf("%s %s %d captured, %d refunded, closed %t, disputed %t", p.Source, p.State, p.AmountCaptured, p.AmountRefunded, p.IntentClosed, p.Disputed))
		for _, a := range p.Attempts {
			e.Attempts = append(e.Attempts, fmt.Sprintf("%d %s %s", a.Number, a.Kind, a.State))
		}
	}
	for _, r := range s.refundsOf(ref) {
		if r.RequestID == nil && r.State.Failed() {
			continue // made at Stripe and undone there: where both were heard of at once there is nothing to record
		}
		e.Refunds = append(e.Refunds, fmt.Sprintf("%d %s %s", r.Total(), r.Choice, r.State))
	}
	slices.Sort(e.Refunds)
	must(s.t, s.db.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		for _, resolved := range []bool{false, true} {
			items, err := tx.ListExcess(ctx, postgres.ExcessQuery{Invoice: &ref.Invoice, Resolved: resolved, Limit: 100})
			must(s.t, err)
			for _, item := range items {
				e.Excess = append(e.Excess, fmt.Sprintf("%d %s %s", item.Amount, item.Reason, item.State))
			}
		}
		mark, err := tx.WaitingEvents(ctx, ref.Invoice)
		e.Waiting = mark.Count
		return err
	}))
	slices.Sort(e.Excess)
	return e
}

// postOffice brings the stand-in's events in as their webhooks would.
type postOffice struct {
	s        *shop
	commands *commands.Commands
	bell     *bell
	last     string
	waiting  []string // bodies
	heard    []string // types, of this life
	life     *story
}

// bell is Temporal as far as events go: it tells a workflow to look.
type bell struct {
	client.Client
	rung bool
}

// SignalWithStartWorkflow rings.
func (b *bell) SignalWithStartWorkflow(context.Context, string, string, any, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	b.rung = true
	return nil, nil
}

func (s *shop) postOffice() *postOffice {
	post := &postOffice{s: s, bell: &bell{}}
	post.commands = &commands.Commands{
		DB: s.db, Authority: s.payments.Authority, Temporal: post.bell, Stripe: s.payments.Connector.Gateway, Secrets: s.secrets,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	return post
}

// fetch takes up the events that were born since.
func (o *postOffice) fetch() {
	for {
		address := o.s.standin + "/v1/events?limit=100"
		if o.last != "" {
			address += "&ending_before=" + o.last
		}
		r, err := http.NewRequestWithContext(o.s.t.Context(), http.MethodGet, address, nil)
		must(o.s.t, err)
		r.Header.Set("Authorization", "Bearer "+o.s.key)
		response, err := http.DefaultClient.Do(r)
		must(o.s.t, err)
		raw, err := io.ReadAll(response.Body)
		must(o.s.t, err)
		must(o.s.t, response.Body.Close())
		var page struct{ Data []json.RawMessage }
		must(o.s.t, json.Unmarshal(raw, &page))
		if len(page.Data) == 0 {
			return
		}
		for _, event := range slices.Backward(page.Data) {
			var body struct{ ID string }
			must(o.s.t, json.Unmarshal(event, &body))
			o.last = body.ID
			o.waiting = append(o.waiting, string(event))
		}
	}
}

// discard forgets what came before a new life.
func (o *postOffice) discard(v *story) {
	if o.life != v {
		o.life, o.waiting, o.heard = v, nil, nil
	}
}

// bring delivers events, and has the workflow look where one rings for it.
func (o *postOffice) bring(v *story, by order, over bool) {
	o.s.t.Helper()
	now, later := by(len(o.waiting), over)
	waiting := o.waiting
	o.waiting = nil
	for _, n := range later {
		o.waiting = append(o.waiting, waiting[n])
	}
	for _, n := range now {
		event := waiting[n]
		var body struct{ Type string }
		must(o.s.t, json.Unmarshal([]byte(event), &body))
		o.heard = append(o.heard, body.Type)
		signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(event), Secret: o.s.secret, Timestamp: time.Now()})
		o.bell.rung = false
		must(o.s.t, o.commands.ReceiveEvent(o.s.t.Context(), &o.s.connection, signed.Payload, signed.Header))
		if o.bell.rung {
			o.s.work(v.ref)
		}
	}
}
