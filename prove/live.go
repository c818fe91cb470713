package prove

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"remit/postgres"
)

// live runs the story's days, one after the other.
func (w *world) live(ctx context.Context) {
	for n := range w.story.Days {
		if ctx.Err() != nil {
			return
		}
		day := &w.story.Days[n]
		if n > 0 {
			w.morning(ctx)
		}
		w.wrong(ctx, day.Fault)
		w.house.arm(day.Kills)
		var doing sync.WaitGroup
		for _, a := range day.Acts {
			if k, known := kindOf(a.Kind); known && a.Invoice < len(w.invoices) {
				doing.Go(func() {
					if pause(ctx, time.Duration(a.After)*time.Millisecond) {
						k.do(ctx, w, a)
					}
				})
			}
		}
		for _, k := range day.Kills {
			doing.Go(func() { w.house.strike(ctx, k) })
		}
		if day.Night.Asleep {
			w.sleep(ctx, day.Night)
		}
		doing.Wait()
		if !day.Night.Asleep {
			w.advance(ctx, time.Duration(day.Night.Hours)*time.Hour, 10*time.Second)
		}
		w.house.disarm(day.Kills)
	}
}

// wrong has the stand-in do something wrong, or nothing, and counts what went
// wrong until now.
func (w *world) wrong(ctx context.Context, f *Fault) {
	if f == nil {
		f = &Fault{}
	}
	w.countFaults(ctx)
	_, _ = w.account.insist(ctx, 10*time.Second, http.MethodPost, "/_sandbox/faults", "", f)
}

// countFaults asks the stand-in what it did wrong. What one did that was killed
// meanwhile is not in the sum.
func (w *world) countFaults(ctx context.Context) {
	got, err := w.account.insist(ctx, 10*time.Second, http.MethodGet, "/_sandbox/faults", "", nil)
	var did struct {
		Struck     []int
		Deliveries struct{ Dropped, Doubled, Late int }
	}
	if err != nil || got.into(&did) != nil {
		return
	}
	for _, times := range did.Struck {
		w.faults += times
	}
	w.faults += did.Deliveries.Dropped + did.Deliveries.Doubled + did.Deliveries.Late
}

// sleep kills the worker while the day's acts are under way, moves the clocks
// past it, and lets it wake to what it had begun a day or more before.
func (w *world) sleep(ctx context.Context, night Night) {
	worker := w.house.parts[partWorker]
	pause(ctx, 900*time.Millisecond)
	err := worker.hold()
	defer worker.release()
	if err == nil {
		_ = w.leap(ctx, time.Duration(night.Hours)*time.Hour)
	}
}

// leap moves the clocks of organisation and account from outside, whatever falls
// due on the way.
func (w *world) leap(ctx context.Context, by time.Duration) error {
	now, err := w.now(ctx)
	if err != nil {
		return err
	}
	to := now.Add(by)
	moved, err := w.account.insist(ctx, 10*time.Second, http.MethodPost, "/_sandbox/clock", "", map[string]any{"to": to.UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return err
	}
	if moved.status != http.StatusOK {
		return fmt.Errorf("the stand-in's clock: %d %s", moved.status, moved.raw)
	}
	return w.house.operator.Commands.DB.InTenant(ctx, w.tenant, func(tx *postgres.Tx) error {
		_, err := tx.MoveClock(ctx, time.Until(to))
		return err
	})
}

// advance moves the clocks as an administrator does, row by row of the agenda, as
// far as they come in time.
func (w *world) advance(ctx context.Context, by, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	now, err := w.now(ctx)
	if err != nil {
		return
	}
	wish := map[string]any{"organisation": w.top, "to": now.Add(by).UTC()}
	for ctx.Err() == nil {
		got, err := w.admin.insist(ctx, within, http.MethodPost, "/v1/clock/advance", "", wish)
		var come struct{ Done bool }
		if err != nil || got.status == http.StatusUnprocessableEntity || got.into(&come) == nil && come.Done {
			return // there, past it, or out of time
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// arm writes down at which boundaries a process has to die.
func (h *house) arm(kills []Kill) {
	for _, k := range kills {
		if k.Boundary != "" {
			_ = h.crashes.arm(k.Boundary, max(k.Passing, 1))
		}
	}
}

func (h *house) disarm(kills []Kill) {
	for _, k := range kills {
		if k.Boundary != "" {
			h.crashes.disarm(k.Boundary)
		}
	}
}

// strike kills at an instant.
func (h *house) strike(ctx context.Context, k Kill) {
	if k.Boundary != "" || !pause(ctx, time.Duration(k.After)*time.Millisecond) {
		return
	}
	names := []string{k.Part}
	if k.Part == partAll {
		names = partNames
	}
	var killing sync.WaitGroup
	for _, name := range names {
		if p := h.parts[name]; p != nil {
			killing.Go(func() { _ = p.kill(time.Duration(k.Down) * time.Millisecond) })
		}
	}
	killing.Wait()
}

// How long everything has to come to rest once nothing goes wrong any more: the
// longest wait of a step that failed is a minute. What a planted mutant has
// stopped is not waited for as long.
const (
	restWithin       = 5 * time.Minute
	mutantRestWithin = 45 * time.Second
	billsWithin      = 20 * time.Second // billing schedules go on meanwhile
)

var errRestless = errors.New("it did not come to rest")

// settle stops what is wrong and lets the clocks go on until nothing of the
// world's is under way any more. Its error says what never came to an end.
func (w *world) settle(ctx context.Context) error {
	w.wrong(ctx, nil)
	if err := w.house.ready(ctx); err != nil {
		return err
	}
	w.morning(ctx)
	began := time.Now()
	for n := 0; ; n++ {
		restless, err := w.restless(ctx)
		if err == nil && len(restless) == 0 {
			return nil
		}
		if time.Since(began) > w.house.rest {
			return errors.Join(fmt.Errorf("%w within %s: %s", errRestless, w.house.rest, strings.Join(restless, "; ")), err)
		}
		if n%20 == 10 { // whoever cut the connection may have been answered late
			w.mend(ctx)
		}
		if time.Since(began) > billsWithin { // what bills every week has a debit under way in each of a bank's weeks
			w.pauseSchedules(ctx)
		}
		if n%20 == 4 { // what waits for a day is not waited for, nor for a bank's week
			by := 26 * time.Hour
			if text := strings.Join(restless, "; "); strings.Contains(text, "still processing") || strings.Contains(text, "still pending") {
				by = 8 * 24 * time.Hour
			}
			w.advance(ctx, by, 20*time.Second)
		}
		if !pause(ctx, 250*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// pauseSchedules has nothing billed any more: an administrator pauses what still bills.
func (w *world) pauseSchedules(ctx context.Context) {
	billing, err := column[string](ctx, w, "select id::text from billing_schedules where tenant = $1 and state = 'active'")
	if err != nil {
		return // it is tried again
	}
	for _, id := range billing {
		_, _ = w.admin.insist(ctx, 10*time.Second, http.MethodPut, "/v1/billing-schedules/"+id, "", map[string]any{"paused": true})
	}
}
