package sandbox

import (
	"container/heap"
	"time"
)

// job is an effect that time brings about: a refund that settles, a page that
// expires. It is kept until it has run.
type job struct {
	ID      string `json:"id"`
	Created int64  `json:"created"`
	At      int64  `json:"at"` // account's clock, Unix nanoseconds
	Runner  string `json:"runner"`
	Target  string `json:"target"` // id of the object it is about
}

var jobs = register(&kind{name: "_job", fresh: func() object { return &job{} }})

func (*job) kind() *kind          { return jobs }
func (j *job) key() string        { return j.ID }
func (j *job) born() int64        { return j.Created }
func (j *job) listedBy() []string { return []string{"target:" + j.Target} }
func (j *job) hidden() any        { return nil }

// runners are what jobs do, by name. A runner finds the state as it is when
// its time has come, and does nothing if it no longer applies.
var runners = map[string]func(t *tx, target string){}

func init() {
	jobs.applied = func(w *world, was, is object) {
		if is != nil && was == nil {
			heap.Push(&w.agenda, due{is.(*job).At, is.key()})
		}
	}
}

// schedule lets the runner act on target at a time of the account's clock.
func (t *tx) schedule(at time.Time, runner, target string) {
	t.put(&job{ID: newID("job"), Created: t.seconds(), At: at.UnixNano(), Runner: runner, Target: target})
}

// due is something to do at a time of the account's clock.
type due struct {
	at int64
	id string
}

// agenda is a heap, earliest first. Entries whose object is gone are skipped.
type agenda []due

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at < a[j].at }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(due)) }
func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	*a = old[:len(old)-1]
	return last
}

// runDue runs every job due by the time, in order, each as a tx of its own at
// its own time. It returns the journal's position of the last.
func (w *world) runDue(until time.Time) {
	for len(w.agenda) > 0 && w.agenda[0].at <= until.UnixNano() {
		next := heap.Pop(&w.agenda).(due)
		o := w.table(jobs).get(next.id)
		if o == nil {
			continue
		}
		if at := time.Unix(0, next.at); at.After(w.floor) {
			w.floor = at
		}
		t := w.begin()
		t.remove(jobs, next.id)
		runners[o.(*job).Runner](t, o.(*job).Target)
		t.commit(nil)
	}
}

// untouched reports that nothing has happened in the account yet.
func (w *world) untouched() bool {
	for k, t := range w.tables {
		switch k.name {
		case accounts.name, settingsKind.name, "_key", "_platform", "bank_account": // are there from the first
		default:
			if len(t.at) > 0 {
				return false
			}
		}
	}
	return true
}

// startAt sets the clock of an untouched account to any time, also to one long past.
func (w *world) startAt(to time.Time) uint64 {
	w.offset, w.floor = to.Sub(w.server.now()), to
	offset := int64(w.offset)
	return w.server.journal.append(encode(entry{Account: w.id, At: to.UnixNano(), Offset: &offset}))
}

// advance moves the account's clock forward, living through what falls due on
// the way. It needs the lock and returns the position to wait for.
func (w *world) advance(to time.Time) uint64 {
	w.runDue(to)
	if to.Before(w.floor) {
		to = w.floor
	}
	w.offset = to.Sub(w.server.now())
	w.floor = to
	offset := int64(w.offset)
	position := w.server.journal.append(encode(entry{Account: w.id, At: to.UnixNano(), Offset: &offset}))
	w.server.wakeFor(w)
	return position
}
