package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc's times on Linux.
const tick = 10 * time.Millisecond

// cpu is the processor time of each part.
type cpu struct{ temporal, postgres, standin, remit time.Duration }

func (c cpu) plus(o cpu) cpu {
	return cpu{c.temporal + o.temporal, c.postgres + o.postgres, c.standin + o.standin, c.remit + o.remit}
}

func (c cpu) minus(o cpu) cpu {
	return cpu{c.temporal - o.temporal, c.postgres - o.postgres, c.standin - o.standin, c.remit - o.remit}
}

func (c cpu) each(n int) string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(max(n, 1)) }
	return fmt.Sprintf("Temporal %.1f, PostgreSQL %.1f, Remit with its client %.1f, stand-in %.1f; together %.1f",
		ms(c.temporal), ms(c.postgres), ms(c.remit), ms(c.standin), ms(c.temporal+c.postgres+c.remit+c.standin))
}

// cpu reads the processor time that our processes have used so far. PostgreSQL
// forks a process for each connection; those that ended count with their parent.
func (b *bench) cpu() cpu {
	var c cpu
	self := strconv.Itoa(os.Getpid())
	postmaster := ""
	type process struct{ parent, command, id string }
	var all []process
	times := map[string]time.Duration{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		id := filepath.Base(filepath.Dir(file))
		rest := string(raw[strings.LastIndexByte(string(raw), ')')+1:])
		fields := strings.Fields(rest)
		command, _ := os.ReadFile(filepath.Join("/proc", id, "cmdline"))
		p := process{parent: fields[1], command: string(command), id: id}
		times[id] = ticks(fields[11]) + ticks(fields[12])
		program, _, _ := strings.Cut(p.command, "\x00")
		if p.parent == self && filepath.Base(program) == "postgres" {
			postmaster = id
			times[id] += ticks(fields[13]) + ticks(fields[14])
		}
		all = append(all, p)
	}
	for _, p := range all {
		switch {
		case p.id == self:
			c.remit += times[p.id]
		case p.id == postmaster || p.parent == postmaster:
			c.postgres += times[p.id]
		case p.parent == self && strings.Contains(p.command, "temporald"):
			c.temporal += times[p.id]
		case p.parent == self && strings.Contains(p.command, "sandbox"):
			c.standin += times[p.id]
		}
	}
	return c
}

func ticks(field string) time.Duration {
	n, _ := strconv.ParseInt(field, 10, 64)
	return time.Duration(n) * tick
}
