package postgres_test

import (
	"testing"
	"time"

	"remit"
	"remit/postgres"
)

// What an operator's alarms are set on is counted over all tenants: attempts
// whose outcome is unknown, agendas that are behind, requests and events that
// wait.
func TestFiguresOverAllTenants(t *testing.T) {
	b := openBooks(t)
	db, err := postgres.Open(t.Context(), b.super.Config().ConnString(), postgres.Options{MaxConns: 2})
	must(t, err)
	t.Cleanup(db.Close)
	for _, tenant := range []string{"{tenant}", "{other}"} {
		mustExec(t, b.super, b.words.Replace(`insert into stripe_events (event_id, account, tenant, type, object_id, livemode, state)
			values ('evt_1', `+tenant+`, `+tenant+`, 'x', 'pi_1', false, 'waiting'), ('evt_2', `+tenant+`, `+tenant+`, 'x', 'pi_2', false, 'foreign')`))
	}
	mustExec(t, b.super, b.words.Replace(`insert into agenda (tenant, id, organisation_id, at, kind, object_id, what)
		values ({tenant}, gen_random_uuid(), {tenant}, now() + interval '1 day', 'poll', gen_random_uuid(), 'x'),
		({other}, gen_random_uuid(), {other}, now() - interval '1 hour', 'poll', gen_random_uuid(), 'x')`))
	for _, tenant := range []string{"{tenant}", "{other}"} {
		mustExec(t, b.super, b.words.Replace(`insert into due_date_runs (tenant, id, organisation_id, as_of, by_instant, dry_run, state, actor, created_at, failed, notices_failed, started_real)
			values (`+tenant+`, gen_random_uuid(), `+tenant+`, current_date, now(), false, 'failed', '{}', now(), 2, 1, now()), (`+tenant+`, gen_random_uuid(), `+tenant+`, current_date, now(), false, 'done', '{}', now(), 2, 1, now() - interval '2 days')`))
	}
	got, err := db.Figures(t.Context())
	must(t, err)
	if got.Live[remit.AttemptConfirming] != 2 || got.Live[remit.AttemptCreated] != 0 || got.Requests != 2 {
		t.Errorf("live %v, %d requests wait", got.Live, got.Requests)
	}
	if got.RunsFailed != 8 {
		t.Errorf("runs failed in %d things", got.RunsFailed)
	}
	if got.Events[postgres.EventWaiting] != 2 || got.Events[postgres.EventForeign] != 2 {
		t.Errorf("events %v", got.Events)
	}
	if got.AgendaLag < time.Hour || got.AgendaLag > time.Hour+time.Minute {
		t.Errorf("the agenda is %v behind", got.AgendaLag)
	}
	// On a clock that is two days ahead the other row is a day behind.
	mustExec(t, b.super, b.words.Replace("update organisations set clock_offset = interval '2 days' where tenant = {tenant}"))
	if got, err = db.Figures(t.Context()); err != nil || got.AgendaLag < 24*time.Hour || got.AgendaLag > 25*time.Hour {
		t.Errorf("on a test clock the agenda is %v behind (%v)", got.AgendaLag, err)
	}
}
