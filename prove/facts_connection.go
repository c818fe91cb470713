package prove

import (
	"context"

	"github.com/jackc/pgx/v5"

	"remit"
)

// connectionFacts are what the database says of a connection, and what was told of it
// in turn.
type connectionFacts struct {
	ID, Account, Status string
	Live                bool
	Charges, Payouts    bool
	Told                []string // statuses
	Sources             []string
	ToldOn              []string // charges and payouts, as "true true"
}

const connectionsMade = `select c.id::text, c.account, c.status, c.disconnected_at is null, c.charges_enabled, c.payouts_enabled,
	coalesce(array_agg(h.status order by h.id) filter (where h.id is not null), '{}'), coalesce(array_agg(h.source order by h.id) filter (where h.id is not null), '{}'),
	coalesce(array_agg(h.charges || ' ' || h.payouts order by h.id) filter (where h.id is not null), '{}')
	from connections c left join connection_history h on h.tenant = c.tenant and h.connection_id = c.id where c.tenant = $1 group by c.tenant, c.id order by c.created_at, c.id`

func (w *world) factsOfConnections(ctx context.Context, f *facts) (err error) {
	f.Connections, err = rows(ctx, w, connectionsMade, func(row pgx.CollectableRow) (c connectionFacts, err error) {
		return c, row.Scan(&c.ID, &c.Account, &c.Status, &c.Live, &c.Charges, &c.Payouts, &c.Told, &c.Sources, &c.ToldOn)
	})
	if err != nil {
		return err
	}
	f.Cuts = w.access.cuts
	for _, s := range w.sisters {
		wrong, err := s.judged(ctx, w.house)
		if err != nil {
			return err
		}
		if wrong != "" {
			f.Founded = append(f.Founded, wrong)
		}
	}
	return nil
}

// unsettledConnection are questions whose every answer is something about the
// connection that is not as it comes to be in the end.
var unsettledConnection = []string{
	`select 'no account is connected' where not exists (select from connections where tenant = $1 and disconnected_at is null)`,
	`select format('the connection is %s, disconnecting since %s, its keys refused since %s', status, disconnecting_since, keys_refused) from connections
		where tenant = $1 and disconnected_at is null and (status <> 'active' or disconnecting_since is not null or keys_refused is not null)`,
	`select 'nobody was told that access was taken away' from connections where tenant = $1 and ended_by = 'stripe' and not wound_down`,
	`select format('"%s" was due at %s', what, at) from agenda where tenant = $1 and kind = 'connection' and done_at is null and at < clock_timestamp() - interval '2 seconds' +
		(select clock_offset from organisations where tenant = $1 and clock_offset is not null)`,
}

// unconnected says what of the connection is still under way.
func (w *world) unconnected(ctx context.Context) (found []string, err error) {
	for _, question := range unsettledConnection {
		said, err := column[string](ctx, w, question)
		if err != nil {
			return nil, err
		}
		found = append(found, said...)
	}
	live, err := rows(ctx, w, "select id from connections where tenant = $1 and disconnected_at is null", func(row pgx.CollectableRow) (ref remit.ConnectionRef, err error) {
		return ref, row.Scan(&ref.Connection)
	})
	if err != nil {
		return nil, err
	}
	for _, ref := range live {
		said, err := w.house.workflow(ctx, remit.OnboardingWorkflowID(ref.Connection), "the connection", true)
		if err != nil {
			return nil, err
		}
		if said != "" {
			found = append(found, said)
		}
	}
	for _, s := range w.sisters {
		said, err := s.unmade(ctx, w.house)
		if err != nil {
			return nil, err
		}
		if said != "" {
			found = append(found, said)
		}
	}
	return found, nil
}
