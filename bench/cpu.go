package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// cpu is the processor time of each part.
type cpu struct{ temporal, postgres, remit, standin, client time.Duration }

func (c cpu) plus(o cpu) cpu {
	return cpu{c.temporal + o.temporal, c.postgres + o.postgres, c.remit + o.remit, c.standin + o.standin, c.client + o.client}
}

func (c cpu) minus(o cpu) cpu {
	return cpu{c.temporal - o.temporal, c.postgres - o.postgres, c.remit - o.remit, c.standin - o.standin, c.client - o.client}
}

func (c cpu) sum() time.Duration { return c.temporal + c.postgres + c.remit + c.standin + c.client }

// usage is what has been used so far.
type usage struct {
	cpu          cpu
	transactions int64
}

func (b *bench) used(ctx context.Context) (usage, error) {
	u := usage{cpu: b.cpu()}
	connection, err := pgx.Connect(ctx, b.postgres.URL("postgres"))
	if err != nil {
		return u, fmt.Errorf("ask PostgreSQL for its figures: %w", err)
	}
	defer connection.Close(ctx)
	err = connection.QueryRow(ctx, "select xact_commit + xact_rollback from pg_stat_database where datname = 'remit'").Scan(&u.transactions)
	if err != nil {
		return u, fmt.Errorf("ask PostgreSQL for its figures: %w", err)
	}
	return u, nil
}

// process is a line of /proc.
type process struct {
	id, parent, command string
	own, ended          time.Duration // its own processor time, and that of its children which have ended
}

// cpu reads the processor time that this process and its children have used so
// far; zero where there is no /proc.
func (b *bench) cpu() cpu {
	self := strconv.Itoa(os.Getpid())
	all := processes()
	postmaster := ""
	var c cpu
	for _, p := range all {
		switch {
		case p.id == self && b.Profile != "":
			c.remit += p.own
		case p.id == self:
			c.client += p.own
		case p.parent != self:
		case strings.Contains(p.command, "temporald"):
			c.temporal += p.own
		case strings.Contains(p.command, "\x00sandbox\x00"):
			c.standin += p.own
		case strings.Contains(p.command, "\x00serve\x00"):
			c.remit += p.own
		case strings.Contains(p.command, "postgres"):
			c.postgres += p.own + p.ended
			postmaster = p.id
		}
	}
	for _, p := range all {
		if p.parent == postmaster { // a connection's or a background writer's
			c.postgres += p.own
		}
	}
	return c
}

func processes() []process {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var all []process
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		// Behind the name, which may hold anything: state, parent, ...; the times are
		// fields 14 to 17 of the line (proc(5)).
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		const parent, user, system, endedUser, endedSystem = 1, 11, 12, 13, 14
		if len(fields) <= endedSystem {
			continue
		}
		id := filepath.Base(filepath.Dir(file))
		command, _ := os.ReadFile(filepath.Join("/proc", id, "cmdline"))
		all = append(all, process{
			id: id, parent: fields[parent], command: string(command),
			own: ticks(fields[user]) + ticks(fields[system]), ended: ticks(fields[endedUser]) + ticks(fields[endedSystem]),
		})
	}
	return all
}

// ticks reads a time of /proc, whose unit on Linux is a hundredth of a second.
func ticks(field string) time.Duration {
	const tick = 10 * time.Millisecond
	n, _ := strconv.ParseInt(field, 10, 64)
	return time.Duration(n) * tick
}
