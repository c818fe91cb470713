package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// manyWait is for how many waiting workflows it is extrapolated.
const manyWait = 100_000

// waiting measures what workflows cost that only wait for their invoice's day: bytes
// on disk, memory of the server, and processor time while nothing happens.
func (b *bench) waiting(ctx context.Context) error {
	open := &openInvoices{}
	if err := open.grow(ctx, b, b.Waiting); err != nil {
		return err
	}
	before, err := b.resting(ctx)
	if err != nil {
		return err
	}
	b.say(fmt.Sprintf("Starting %d workflows", b.Waiting))
	ids := make([]uuid.UUID, b.Waiting)
	for n := range ids {
		ids[n] = openID(n + 1)
	}
	began := time.Now()
	if err := b.begin(ctx, ids); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := b.resting(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\n%d workflows that wait for their invoice's day, started in %.0f s%s\n\n", b.Waiting, took.Seconds(), loadNow())
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "before\twith %d\tfor each\t%d, extrapolated\t\n", b.Waiting, manyWait)
	const mega = 1e6
	for _, disk := range []struct {
		name          string
		before, after float64
	}{{"disk, database temporal", before.temporal, after.temporal}, {"disk, database temporal_visibility", before.visibility, after.visibility}} {
		each := (disk.after - disk.before) / float64(b.Waiting)
		fmt.Fprintf(table, "%.1f MB\t%.1f MB\t%.1f kB\t%.0f MB\t %s\n", disk.before/mega, disk.after/mega, each/1e3, (disk.before+each*manyWait)/mega, disk.name)
	}
	// What a server keeps in memory is bounded by its caches, and grows no further.
	fmt.Fprintf(table, "%.0f MB\t%.0f MB\t\t\t memory of Temporal's server, caches and all\n", before.memory/mega, after.memory/mega)
	fmt.Fprintf(table, "%.0f MB\t%.0f MB\t\t\t memory of Remit\n", before.remit/mega, after.remit/mega)
	fmt.Fprintf(table, "%.3f\t%.3f\t\t\t cores in use while nothing happens, all parts\n", before.idle, after.idle)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// rested is what everything holds while nothing happens: bytes, and cores in use.
type rested struct{ temporal, visibility, memory, remit, idle float64 }

func (b *bench) resting(ctx context.Context) (r rested, err error) {
	const look = 5 * time.Second
	if err := b.calm(ctx, calmAtMost); err != nil {
		return r, err
	}
	err = b.asOwner(ctx, func(c *pgx.Conn) error {
		return c.QueryRow(ctx, "select pg_database_size('temporal'), pg_database_size('temporal_visibility')").Scan(&r.temporal, &r.visibility)
	})
	if err != nil {
		return r, fmt.Errorf("read the sizes of databases: %w", err)
	}
	for n := range 12 { // the least of some looks: what was set off goes on being tidied up for a while
		before, began := b.cpu(), time.Now()
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(look):
		}
		if cores := b.cpu().minus(before).sum().Seconds() / time.Since(began).Seconds(); n == 0 || cores < r.idle {
			r.idle = cores
		}
	}
	r.memory, r.remit = memoryOf("temporald", memory), memoryOf("\x00serve\x00", memory)
	return r, nil
}

// The lines of /proc on a process's resident memory: now, and at most.
const (
	memory     = "VmRSS:"
	mostMemory = "VmHWM:"
)

// memoryOf is the resident memory, in bytes, of the child that was started so.
func memoryOf(command, line string) float64 {
	for _, p := range processes() {
		if p.parent != strconv.Itoa(os.Getpid()) || !strings.Contains(p.command, command) {
			continue
		}
		status, err := os.ReadFile(filepath.Join("/proc", p.id, "status"))
		if err != nil {
			return 0
		}
		_, rest, _ := bytes.Cut(status, []byte(line))
		fields := strings.Fields(string(rest))
		if len(fields) == 0 {
			return 0
		}
		kilobytes, _ := strconv.ParseFloat(fields[0], 64)
		return kilobytes * 1024
	}
	return 0
}
