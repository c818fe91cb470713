package dev

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"remit/credentials"
	"remit/demo"
)

// progress is what a person at the terminal reads.
type progress struct {
	out     io.Writer
	started time.Time

	mu   sync.Mutex
	told bool // that all is ready
}

func newProgress(out io.Writer) *progress { return &progress{out: out, started: time.Now()} }

// line says one thing. It goes with the seconds since the start, until all is
// ready.
func (p *progress) line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told {
		p.write(text + "\n")
		return
	}
	p.write(fmt.Sprintf("%5.1f s  %s\n", time.Since(p.started).Seconds(), text))
}

// ready ends the start with what a person needs now.
func (p *progress) ready(r *running) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = true
	var b strings.Builder
	fmt.Fprintf(&b, "%5.1f s  Ready\n\nRemit runs at %s\n\n", time.Since(p.started).Seconds(), r.program.URL)
	if r.isDemo {
		fmt.Fprintf(&b, "  Sign in, with the password %s, as\n", credentials.DemoPassword)
		for _, person := range append(demo.People(), demo.Client) {
			fmt.Fprintf(&b, "    %-20s %s\n", person.Email, person.May)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "  API   %s/docs\n  Data  %s\n  Log   %s\n", r.program.URL, r.folder.Path(), r.folder.Path("remit.log"))
	if !r.DatabaseURL.IsZero() {
		fmt.Fprintf(&b, "  Database  %s\n", redacted(r.database))
	}
	b.WriteString("\nCtrl-C stops it; nothing is lost.\n")
	p.write(b.String())
}

func (p *progress) write(text string) {
	if _, err := io.WriteString(p.out, text); err != nil {
		return // nobody reads it
	}
}
