package commands

import (
	"testing"

	"remit"
)

// What is older than it is kept goes: tries that no network counts any more, events
// that were told, the bodies of mails. What is on its way, the newest event, and that a
// mail was written stay.
func TestOldRowsGoAndWhatIsNeededStays(t *testing.T) {
	h, owner := openHouse(t)
	d, there := h.post(), newReceiver(t)
	h.endpoint(owner, WebhookInput{URL: there.url})
	old, recent := h.billed(owner, "INV-1", "a@acme.example", 1000), h.billed(owner, "INV-2", "b@acme.example", 1000)
	h.send(owner, old)
	h.round(d)
	h.send(owner, recent)
	h.round(d)
	h.exec("update events set recorded_at = now() - interval '91 days'")
	h.exec("update mails set state = 'failed'")
	h.exec("update mails set queued_at = now() - interval '91 days' where invoice_id = $1", old)
	for n, days := range []int{41, 39} {
		h.exec("insert into card_tries (card, attempt, tried_at, recorded_at) values (decode(repeat('0' || $1, 32), 'hex'), gen_random_uuid(), now() - $2 * interval '1 day', now() - $2 * interval '1 day')", []string{"1", "2"}[n], days)
	}
	h.exec("insert into card_tries (card, attempt, tried_at) values (decode(repeat('03', 32), 'hex'), gen_random_uuid(), now() - interval '2 years')") // on a test clock
	for round, want := range []int{1, 0} {
		done, err := h.Prune(t.Context())
		if err != nil || done.CardTries != want || done.Events != want || done.Mails < want || want == 0 && done.Mails != 0 {
			t.Fatalf("round %d pruned %+v %v", round, done, err)
		}
	}
	if n := h.number("select count(*) from card_tries"); n != 2 {
		t.Errorf("%d tries are left", n)
	}
	if n := h.number("select count(*) from events"); n != 1 {
		t.Errorf("%d events are left", n)
	}
	if m := h.delivery(owner, old); m.Body != "" || m.Subject == "" {
		t.Errorf("the old mail is %+v", m)
	} else if _, err := h.ResendMail(t.Context(), owner, m.ID); !remit.IsCode(err, remit.CodeConflict) {
		t.Errorf("a mail without its text is sent again: %v", err)
	}
	if m := h.delivery(owner, recent); m.Body == "" {
		t.Error("the recent mail is empty")
	} else if _, err := h.ResendMail(t.Context(), owner, m.ID); err != nil {
		t.Error(err)
	}
	h.send(owner, h.billed(owner, "INV-3", "c@acme.example", 1000))
	h.round(d)
	if events := h.events(owner); len(events) != 2 || events[0].Seq != 3 {
		t.Errorf("the next event is %+v", events)
	}
}
