package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// mapping measures how customers are brought together with Stripe's: how long it takes
// to read Stripe's, to plan page by page, and to import; and what that holds in memory.
// Of each ten of ours four are at Stripe by their address, one by his number in its
// metadata, one by a name alone, and four are not there.
func (b *bench) mapping(ctx context.Context) error {
	b.say(fmt.Sprintf("Making %d customers here and as many at the stand-in", b.Mapped))
	if err := b.mappedHere(ctx); err != nil {
		return err
	}
	if err := b.mappedThere(ctx); err != nil {
		return err
	}
	before := memoryOf("\x00serve\x00", memory)

	began := time.Now()
	if err := b.payer.do(ctx, http.MethodPost, "/v1/stripe/refresh", nil, "", nil); err != nil {
		return err
	}
	if err := b.readThere(ctx); err != nil {
		return err
	}
	read := time.Since(began)
	b.say(fmt.Sprintf("Planning; Stripe's were read in %.1f s", read.Seconds()))
	pages, actions, err := b.planned(ctx)
	if err != nil {
		return err
	}
	planning := memoryOf("\x00serve\x00", memory)
	b.say(fmt.Sprintf("Importing as proposed: %v", actions))

	began = time.Now()
	var job struct {
		ID    string `json:"id"`
		State string `json:"state"`
		New   int    `json:"rows_new"`
		Same  int    `json:"rows_same"`
		Bad   int    `json:"rows_bad"`
	}
	if err := b.payer.do(ctx, http.MethodPost, "/v1/customer-mapping/import", map[string]any{"rest": "proposed"}, "", &job); err != nil {
		return err
	}
	started, most := time.Since(began), planning
	err = b.waitFor(ctx, func() (bool, error) {
		most = max(most, memoryOf("\x00serve\x00", memory))
		err := b.payer.do(ctx, http.MethodGet, "/v1/customer-mapping/imports/"+job.ID, nil, "", &job)
		return job.State != "running", err
	})
	if err != nil {
		return err
	}
	took := time.Since(began)

	var all time.Duration
	for _, page := range pages {
		all += page
	}
	slices.Sort(pages)
	const mega = 1e6
	fmt.Fprintf(b.out, "\n%d customers of ours beside %d of Stripe's%s\n\n", b.Mapped, b.Mapped, loadNow())
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "%.1f s\t Stripe's are read, page by page\n", read.Seconds())
	fmt.Fprintf(table, "%.1f s\t the plan, %d pages of 100; the median %d ms, the slowest %d ms\n", all.Seconds(), len(pages), pages[len(pages)/2].Milliseconds(), pages[len(pages)-1].Milliseconds())
	fmt.Fprintf(table, "%d / %d / %d\t are proposed to be mapped, made, left to a person\n", actions["map"], actions["create"], actions["ignore"])
	fmt.Fprintf(table, "%.1f s\t until the import was taken, its plan made again\n", started.Seconds())
	fmt.Fprintf(table, "%.1f s\t the import: %d linked or made, %d left, %d refused; %.0f a second\n", took.Seconds(), job.New, job.Same, job.Bad, float64(b.Mapped)/took.Seconds())
	fmt.Fprintf(table, "%.0f / %.0f / %.0f MB\t memory of Remit before, after planning, the most while importing\n", before/mega, planning/mega, most/mega)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func (b *bench) mappedHere(ctx context.Context) error {
	return b.asOwner(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, `insert into customers (tenant, id, organisation_id, name, email, currency, external_id)
			select o.tenant, gen_random_uuid(), o.id, 'Mapped ' || n, 'ap' || n || '@mapped.test', 'USD', 'M-' || n
			from organisations o, generate_series(1, $1::int) n where o.path = $2`, b.Mapped, organisation)
		if err != nil {
			return fmt.Errorf("make customers: %w", err)
		}
		return nil
	})
}

func (b *bench) mappedThere(ctx context.Context) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(b.InFlight)
	for n := 1; n <= b.Mapped; n++ {
		group.Go(func() error {
			is := url.Values{"name": {"Other " + strconv.Itoa(n)}, "email": {fmt.Sprintf("other%d@elsewhere.test", n)}}
			switch n % 10 {
			case 0, 1, 2, 3:
				is.Set("email", fmt.Sprintf("AP%d@mapped.test", n))
			case 4:
				is.Set("metadata[customer_id]", "M-"+strconv.Itoa(n))
			case 5:
				is.Set("name", "Mapped "+strconv.Itoa(n))
			}
			_, err := b.standinMakes(within, "sk_test_bench", "customers", is)
			return err
		})
	}
	return group.Wait()
}

// readThere waits until the newest of Stripe's customers are known.
func (b *bench) readThere(ctx context.Context) error {
	return b.waitFor(ctx, func() (bool, error) {
		known, err := column[int](ctx, b, "select count(*)::int from dashboard_customers d join dashboard_accounts a using (tenant, account, livemode) where a.fresh_at is not null")
		return err == nil && known[0] >= b.Mapped, err
	})
}

// planned reads the plan to its end.
func (b *bench) planned(ctx context.Context) (pages []time.Duration, actions map[string]int, err error) {
	actions = map[string]int{}
	for after := ""; ; {
		var plan struct {
			Data []struct {
				Proposal struct {
					Action string `json:"action"`
				} `json:"proposal"`
			} `json:"data"`
			Next *string `json:"next"`
		}
		query := url.Values{"limit": {"100"}}
		if after != "" {
			query.Set("after", after)
		}
		began := time.Now()
		if err := b.payer.do(ctx, http.MethodPost, "/v1/customer-mapping/plan?"+query.Encode(), nil, "", &plan); err != nil {
			return nil, nil, err
		}
		pages = append(pages, time.Since(began))
		for _, row := range plan.Data {
			actions[row.Proposal.Action]++
		}
		if plan.Next == nil {
			return pages, actions, nil
		}
		after = *plan.Next
	}
}

// mappedWithin is how long reading and importing may each take.
const mappedWithin = 30 * time.Minute

func (b *bench) waitFor(ctx context.Context, so func() (bool, error)) error {
	within, cancel := context.WithTimeout(ctx, mappedWithin)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := so()
		if err != nil || done {
			return err
		}
		select {
		case <-within.Done():
			return errors.New("it does not end")
		case <-tick.C:
		}
	}
}
