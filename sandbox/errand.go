package sandbox

import "encoding/json"

// errand is what one account asks of another: to come into being, to book a
// fee. A request touches one account under its lock, so what it causes
// elsewhere is left as an errand in the same line of the journal and carried
// out after the lock is given back, as a change of the other account by itself.
// Nobody ever holds two locks. What a crash interrupts is carried out at the
// next Open; a runner that finds its work done does nothing.
type errand struct {
	ID      string          `json:"id"`
	Created int64           `json:"created"`
	To      string          `json:"to"` // account
	Runner  string          `json:"runner"`
	Payload json.RawMessage `json:"payload"`
}

var errands = register(&kind{name: "_errand", fresh: func() object { return &errand{} }})

func (*errand) kind() *kind        { return errands }
func (e *errand) key() string      { return e.ID }
func (e *errand) born() int64      { return e.Created }
func (*errand) listedBy() []string { return nil }
func (*errand) hidden() any        { return nil }

// errandRunners are what errands do, by name.
var errandRunners = map[string]func(t *tx, payload json.RawMessage){}

func init() {
	errands.applied = func(w *world, was, is object) {
		if e, ok := is.(*errand); ok && was == nil {
			w.errands = append(w.errands, e)
		}
	}
}

// send leaves an errand for another account.
func (t *tx) send(to, runner string, payload any) {
	t.put(&errand{ID: newID("errand"), Created: t.seconds(), To: to, Runner: runner, Payload: encode(payload)})
}

// carryErrands carries out what the account has asked of others, in order, and
// returns the journal's position of the last. Once it returns, whatever was
// committed before the call has been carried out, by this call or by another.
// The caller holds no account's lock.
func (w *world) carryErrands() uint64 {
	w.carrying.Lock()
	defer w.carrying.Unlock()
	for next := w.nextErrand(); next != nil; next = w.nextErrand() {
		w.server.worldOf(next.To).quietly(func(t *tx) { errandRunners[next.Runner](t, next.Payload) })
		w.quietly(func(t *tx) { t.remove(errands, next.ID) })
	}
	return w.server.journal.position()
}

func (w *world) nextErrand() *errand {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.errands) > 0 {
		next := w.errands[0]
		w.errands = w.errands[1:]
		if w.table(errands).get(next.ID) != nil {
			return next
		}
	}
	return nil
}

// quietly makes one change of the account without waiting for the disk.
func (w *world) quietly(change func(t *tx)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.begin()
	change(t)
	t.commit(nil)
}
