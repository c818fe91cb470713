package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what is proved and for how long.
type Options struct {
	Runs    int           // 0 is 20, unless For or StoryFile says otherwise
	For     time.Duration // instead of Runs: no further batch is begun after that
	Seed    uint64        // of the first run; 0 makes one up
	Worlds  int           // at a time; 0 is 10
	Mutant  string        // a letter: prove a Remit with that fault planted in it
	Story   string        // a file with one story, which is run instead
	Keep    bool          // leave the folder with all logs where it is
	Program string        // remit's own file
	Shrink  time.Duration // how long a failing story is made smaller; 0 is 4 minutes, below 0 not at all
	Failed  string        // file for the smallest failing story; "" is prove-<seed>.json
}

// ErrViolated is in the error of [Run] where something was not as it should be.
var ErrViolated = errors.New("it does not hold")

// batchesOfHouse is after how many batches all is made anew: checks look at all
// that is there, so they would take ever longer.
const batchesOfHouse = 12

// prover is one call of [Run].
type prover struct {
	Options
	out    io.Writer
	mutant *mutant
	totals totals
	folder string
	house  *house
	used   int // batches of the house
}

// Run proves, and prints what it did and found. Its error wraps [ErrViolated]
// where a rule was broken.
func Run(ctx context.Context, out io.Writer, o Options) (err error) {
	p := &prover{Options: o, out: out}
	if err := p.defaults(); err != nil {
		return err
	}
	if p.folder, err = os.MkdirTemp("", "remit-prove"); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() {
		err = errors.Join(err, p.closeHouse(ctx))
		if p.Keep {
			p.say("Everything is left in " + p.folder)
			return
		}
		err = errors.Join(err, os.RemoveAll(p.folder))
	}()
	if p.Mutant != "" {
		if err := p.plant(ctx); err != nil {
			return err
		}
	}
	stories, err := p.stories()
	if err != nil {
		return err
	}
	failed, err := p.prove(ctx, stories)
	p.totals.tell(out)
	if err != nil || failed == nil {
		return err
	}
	return p.convict(ctx, failed)
}

func (p *prover) defaults() error {
	if p.Runs == 0 && p.For == 0 {
		p.Runs = 20
		if p.Seed != 0 {
			p.Runs = 1
		}
	}
	if p.Seed == 0 {
		p.Seed = uint64(time.Now().UnixNano()) % 1_000_000_000
	}
	if p.Worlds == 0 {
		p.Worlds = 10
	}
	if p.Shrink == 0 {
		p.Shrink = 4 * time.Minute
	}
	p.totals.begun = time.Now()
	if p.Program == "" {
		return errors.New("the program's own file is not known")
	}
	return nil
}

func (p *prover) say(line string) { fmt.Fprintln(p.out, line) }

// stories gives one story after the other; it ends with nil.
func (p *prover) stories() (func() *Story, error) {
	if p.Story != "" {
		raw, err := os.ReadFile(p.Story)
		if err != nil {
			return nil, fmt.Errorf("read the story: %w", err)
		}
		var s Story
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, fmt.Errorf("read the story in %s: %w", p.Story, err)
		}
		told := false
		return func() *Story {
			if told {
				return nil
			}
			told = true
			return &s
		}, nil
	}
	n := 0
	return func() *Story {
		if p.Runs > 0 && n >= p.Runs || p.For > 0 && time.Since(p.totals.begun) > p.For {
			return nil
		}
		s := NewStory(p.Seed + uint64(n)) //nolint:gosec // counts from 0
		n++
		return &s
	}, nil
}

// failure is a story that broke a rule.
type failure struct {
	story Story
	wrong []string
}

// prove runs batch after batch until a rule is broken or there is no more to do.
func (p *prover) prove(ctx context.Context, next func() *Story) (*failure, error) {
	for {
		var batch []Story
		for len(batch) < p.Worlds {
			s := next()
			if s == nil {
				break
			}
			batch = append(batch, *s)
		}
		if len(batch) == 0 || ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failures, err := p.batch(ctx, batch)
		if err != nil {
			return nil, err
		}
		if len(failures) > 0 {
			return &failures[0], nil
		}
	}
}

// batch runs stories side by side and gives those that broke a rule.
func (p *prover) batch(ctx context.Context, stories []Story) (failures []failure, err error) {
	began := time.Now()
	if err := p.openHouse(ctx); err != nil {
		return nil, err
	}
	worlds, err := p.openWorlds(ctx, stories)
	if err != nil {
		return nil, err
	}
	wrong := make([][]string, len(worlds))
	errs := make([]error, len(worlds))
	var running sync.WaitGroup
	for _, w := range worlds {
		running.Go(func() { w.live(ctx) })
	}
	running.Wait()
	lived := time.Since(began)
	for n, w := range worlds {
		running.Go(func() { wrong[n], errs[n] = w.verdict(ctx) })
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	everywhere, err := p.house.verdict(ctx)
	if err != nil {
		return nil, err
	}
	p.totals.add(p.house, worlds)
	for n, w := range worlds {
		wrong[n] = append(wrong[n], about(everywhere, w.top, n == 0)...)
		if len(wrong[n]) > 0 {
			failures = append(failures, failure{w.story, wrong[n]})
			p.say(fmt.Sprintf("Seed %d:\n  %s", w.story.Seed, strings.Join(wrong[n], "\n  ")))
		}
	}
	p.say(fmt.Sprintf("%d runs, %d kills, %d violations so far (this batch %s: lived %s, judged %s)", p.totals.runs, p.totals.kills(), p.totals.violations+len(failures),
		time.Since(began).Round(100*time.Millisecond), lived.Round(100*time.Millisecond), (time.Since(began) - lived).Round(100*time.Millisecond)))
	p.totals.violations += len(failures)
	return failures, nil
}

func (p *prover) openWorlds(ctx context.Context, stories []Story) ([]*world, error) {
	worlds := make([]*world, len(stories))
	errs := make([]error, len(stories))
	var making sync.WaitGroup
	for n, s := range stories {
		making.Go(func() { worlds[n], errs[n] = openWorld(ctx, p.house, s) })
	}
	making.Wait()
	return worlds, errors.Join(errs...)
}

// about are the sentences about a world, and those about none.
func about(everywhere []string, top string, first bool) (own []string) {
	for _, sentence := range everywhere {
		if strings.HasPrefix(sentence, top+":") || strings.HasPrefix(sentence, top+"-") || first && !strings.HasPrefix(sentence, "/") {
			own = append(own, sentence)
		}
	}
	return own
}

func (p *prover) openHouse(ctx context.Context) (err error) {
	p.used++
	if p.house != nil && p.used <= batchesOfHouse {
		return nil
	}
	if err := p.closeHouse(ctx); err != nil {
		return err
	}
	p.used = 1
	folder, err := os.MkdirTemp(p.folder, "house-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	var sql []string
	if p.mutant != nil {
		sql = p.mutant.sql
	}
	p.house, err = openHouse(ctx, filepath.Join(folder, "data"), p.Program, sql, func(string) {})
	if err == nil && p.mutant != nil {
		p.house.rest = mutantRestWithin
	}
	return err
}

func (p *prover) closeHouse(ctx context.Context) error {
	if p.house == nil {
		return nil
	}
	err := p.house.close(ctx)
	p.house = nil
	return err
}

// verdict lets a world come to rest and judges it.
func (w *world) verdict(ctx context.Context) ([]string, error) {
	err := w.settle(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var wrong []string
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	f, err := w.factsOfOneMoment(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the world of seed %d: %w", w.story.Seed, err)
	}
	if f.Books.elsewhere() { // its event may be lost: then the night's comparison has it looked at
		wrong = append(wrong, judgeCharges(f)...)
		w.advance(ctx, 26*time.Hour, 30*time.Second)
		if err := w.settle(ctx); err != nil {
			wrong = append(wrong, err.Error())
		}
		if f, err = w.factsOfOneMoment(ctx); err != nil {
			return nil, fmt.Errorf("ask the world of seed %d: %w", w.story.Seed, err)
		}
	}
	w.asked, w.told = f.Books.Requests.Total, len(f.Books.Deliveries)
	for _, in := range f.Books.Intents {
		if in.Received > 0 {
			w.charges++
			w.captured += in.Received
		}
	}
	for _, i := range f.Invoices {
		w.excess += i.Excess
	}
	return append(wrong, judge(f)...), nil
}

// verdict asks what is asked of everything at once: Remit's own checks, whether
// a rebuild finds anything missing, and whether a process panicked.
func (h *house) verdict(ctx context.Context) (wrong []string, err error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	for _, name := range partNames {
		p := h.parts[name]
		p.mutex.Lock()
		wrong = append(wrong, p.panics...)
		p.panics = nil
		p.mutex.Unlock()
	}
	said, err := h.remit(ctx, "verify")
	if err != nil || !strings.Contains(said, ": 0 things do not fit.") {
		for line := range strings.Lines(said) {
			if strings.HasPrefix(line, "/") {
				wrong = append(wrong, strings.TrimSpace(line))
			}
		}
		if len(wrong) == 0 {
			return nil, fmt.Errorf("remit verify: %w: %s", err, said)
		}
	}
	said, err = h.remit(ctx, "rebuild")
	if err != nil {
		return nil, fmt.Errorf("remit rebuild: %w: %s", err, said)
	}
	if !strings.Contains(said, ", started 0.") {
		wrong = append(wrong, "remit rebuild found something missing: "+strings.TrimSpace(said))
	}
	return slices.Compact(wrong), nil
}
