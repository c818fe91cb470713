package prove

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// convict writes down the smallest story that still fails, and says how it is
// run again.
func (p *prover) convict(ctx context.Context, f *failure) error {
	if p.mutant != nil {
		p.say(fmt.Sprintf("The planted mutant %s was found: %s", p.mutant.letter, p.mutant.says))
		return fmt.Errorf("%w: %s", ErrViolated, f.wrong[0])
	}
	smallest := f.story
	if p.Shrink > 0 {
		smallest = p.shrink(ctx, f)
	}
	if p.Failed == "" {
		p.Failed = fmt.Sprintf("prove-%d.json", f.story.Seed)
	}
	raw, err := json.MarshalIndent(smallest, "", "  ")
	if err != nil {
		return fmt.Errorf("write the story: %w", err)
	}
	if err := os.WriteFile(p.Failed, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the story: %w", err)
	}
	p.say(fmt.Sprintf("The whole story again: remit prove --seed %d\nThe smallest that fails: remit prove --story %s", f.story.Seed, p.Failed))
	return fmt.Errorf("%w: %s", ErrViolated, strings.Join(f.wrong, "; "))
}

// tries is how often a story is run before it counts as one that does not fail:
// how far the processes are when something happens is not the same each time.
const tries = 3

// shrink takes things out of a story for as long as it fails without them.
func (p *prover) shrink(ctx context.Context, f *failure) Story {
	ctx, cancel := context.WithTimeout(ctx, p.Shrink)
	defer cancel()
	began := time.Now()
	if !p.fails(ctx, f.story) {
		p.say(fmt.Sprintf("Alone it did not fail in %d runs: what others in its batch were killed by belongs to it. The whole story is written down.", tries))
		return f.story
	}
	smallest := f.story
	for changed := true; changed && ctx.Err() == nil; {
		changed = false
		for _, smaller := range lesser(smallest) {
			if ctx.Err() != nil {
				break
			}
			if p.fails(ctx, smaller) {
				smallest, changed = smaller, true
				break
			}
		}
	}
	p.say(fmt.Sprintf("Made smaller in %s: %d days, %d acts, %d kills, %d faults are left.",
		time.Since(began).Round(time.Second), len(smallest.Days), smallest.count(func(d Day) int { return len(d.Acts) }),
		smallest.count(func(d Day) int { return len(d.Kills) }), smallest.count(func(d Day) int {
			if d.Fault == nil {
				return 0
			}
			return 1
		})))
	return smallest
}

// fails reports whether a story fails in one of a few runs, each in a world of
// its own and alone.
func (p *prover) fails(ctx context.Context, s Story) bool {
	for range tries {
		if err := p.openHouse(ctx); err != nil {
			return false
		}
		w, err := openWorld(ctx, p.house, s)
		if err != nil {
			return false
		}
		w.live(ctx)
		wrong, err := w.verdict(ctx)
		if err != nil || ctx.Err() != nil {
			return false
		}
		if len(wrong) > 0 {
			return true
		}
	}
	return false
}

// lesser are the stories that lack one thing, the largest first.
func lesser(s Story) (all []Story) {
	without := func(change func(*Story)) {
		smaller := s.copy()
		change(&smaller)
		all = append(all, smaller)
	}
	for n := range s.Days {
		if len(s.Days) > 1 {
			without(func(s *Story) { s.Days = append(s.Days[:n], s.Days[n+1:]...) })
		}
	}
	for n, day := range s.Days {
		for m := range day.Acts {
			without(func(s *Story) { s.Days[n].Acts = append(s.Days[n].Acts[:m], s.Days[n].Acts[m+1:]...) })
		}
		for m := range day.Kills {
			without(func(s *Story) { s.Days[n].Kills = append(s.Days[n].Kills[:m], s.Days[n].Kills[m+1:]...) })
		}
		if day.Fault != nil {
			without(func(s *Story) { s.Days[n].Fault = nil })
			for m := range day.Fault.Rules {
				without(func(s *Story) {
					fewer := *s.Days[n].Fault
					fewer.Rules = append(append([]FaultRule{}, fewer.Rules[:m]...), fewer.Rules[m+1:]...)
					s.Days[n].Fault = &fewer
				})
			}
		}
		if day.Night.Asleep {
			without(func(s *Story) { s.Days[n].Night.Asleep = false })
		}
	}
	return all
}

func (s Story) count(of func(Day) int) (n int) {
	for _, day := range s.Days {
		n += of(day)
	}
	return n
}
