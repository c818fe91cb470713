package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// world is everything of one account: its objects, its clock, its idempotency
// keys. One lock covers it, so that a request sees and makes one change at a
// time; waiting for the disk happens outside the lock.
type world struct {
	server *Server
	id     string // acct_…

	mu       sync.Mutex
	tables   map[*kind]*table
	keys     idempotencyKeys
	book     balanceBook
	agenda   agenda
	outbox   outbox
	errands  []*errand  // to be carried out
	carrying sync.Mutex // held while errands are carried out, never with mu
	faults   *faultPlan
	seen     requestCounts
	meter    meter
	offset   time.Duration // of the account's clock to real time
	floor    time.Time     // the clock never shows less
}

func newWorld(s *Server, id string) *world {
	w := &world{server: s, id: id, tables: map[*kind]*table{}, faults: &faultPlan{}}
	w.keys.init()
	w.book.init()
	w.seen.init()
	return w
}

func (w *world) table(k *kind) *table {
	t, ok := w.tables[k]
	if !ok {
		t = newTable()
		w.tables[k] = t
	}
	return t
}

// now reads the account's clock, which never goes back.
func (w *world) now() time.Time {
	now := w.server.now().Add(w.offset)
	if now.Before(w.floor) {
		return w.floor
	}
	w.floor = now
	return now
}

// tx is one change of an account in the making, or one consistent look at it.
// What is put becomes true at commit, all of it or nothing. Objects read from
// it are copies; change one and put it back. A nested pointer or map of such a
// copy is shared with the past: replace it, never write into it.
type tx struct {
	*world
	at      time.Time // the account's clock, the same for the whole tx
	request eventRequest
	changes []change
	staged  map[string]object // by kind and id; nil where removed
	starts  *time.Duration    // sets the clock of a new account
}

type change struct {
	kind *kind
	id   string
}

// begin needs the world's lock, which the caller keeps until commit.
func (w *world) begin() *tx {
	return &tx{world: w, at: w.now(), staged: map[string]object{}}
}

// seconds is the time of the tx as API objects give it.
func (t *tx) seconds() int64 { return t.at.Unix() }

// get returns a copy of the object with that id.
func get[T any, P interface {
	*T
	object
}](t *tx, id string) (P, bool) {
	var none P
	o := t.find(none.kind(), id)
	if o == nil {
		return nil, false
	}
	clone := *o.(P)
	return &clone, true
}

// must is get for ids that the store itself holds.
func must[T any, P interface {
	*T
	object
}](t *tx, id string) P {
	o, ok := get[T, P](t, id)
	if !ok {
		panic(fmt.Sprintf("sandbox: %s refers to %s, which is gone", t.id, id))
	}
	return o
}

func (t *tx) find(k *kind, id string) object {
	if o, ok := t.staged[k.name+" "+id]; ok {
		return o
	}
	return t.table(k).get(id)
}

// findAny finds an object by the prefix of its id.
func (t *tx) findAny(id string) object {
	prefix, _, ok := strings.Cut(id, "_")
	if !ok {
		return nil
	}
	if platform, known := t.server.directory.client(id); known {
		return t.server.applicationOf(platform)
	}
	k, ok := kindsByPrefix[prefix]
	if !ok {
		return nil
	}
	if o := t.find(k, id); o != nil || k != accounts {
		return o
	}
	if a := t.server.directory.account(id); a != nil {
		return a
	}
	return nil
}

// put creates or replaces an object at commit.
func (t *tx) put(o object) {
	name := o.kind().name + " " + o.key()
	if _, again := t.staged[name]; !again {
		t.changes = append(t.changes, change{o.kind(), o.key()})
	}
	t.staged[name] = o
}

// remove takes an object away at commit.
func (t *tx) remove(k *kind, id string) {
	name := k.name + " " + id
	if _, again := t.staged[name]; !again {
		t.changes = append(t.changes, change{k, id})
	}
	t.staged[name] = nil
}

// entry is one line of the journal.
type entry struct {
	Account string             `json:"acct"`
	At      int64              `json:"at"` // account's clock, Unix nanoseconds
	Offset  *int64             `json:"offset,omitempty"`
	Put     []entryPut         `json:"put,omitempty"`
	Idem    *idempotencyRecord `json:"idem,omitempty"`
}

type entryPut struct {
	Kind   string          `json:"k"`
	ID     string          `json:"id"`
	Value  json.RawMessage `json:"v,omitempty"` // absent: removed
	Hidden json.RawMessage `json:"h,omitempty"`
}

// commit writes the changes and the record of the request's key as one line,
// makes them visible and returns the line's number to wait for. Without
// changes or record it only returns the position to wait for.
func (t *tx) commit(record *idempotencyRecord) uint64 {
	if len(t.changes) == 0 && record == nil {
		return t.server.journal.position()
	}
	line := entry{Account: t.id, At: t.at.UnixNano(), Idem: record}
	for _, c := range t.changes {
		put := entryPut{Kind: c.kind.name, ID: c.id}
		if o := t.staged[c.kind.name+" "+c.id]; o != nil {
			put.Value = encode(o)
			if h := o.hidden(); h != nil {
				put.Hidden = encode(h)
			}
		}
		line.Put = append(line.Put, put)
	}
	if t.starts != nil {
		t.world.offset = *t.starts
		offset := int64(*t.starts)
		line.Offset = &offset
	}
	position := t.server.journal.append(encode(line))
	for _, c := range t.changes {
		t.apply(c.kind, c.id, t.staged[c.kind.name+" "+c.id])
	}
	if record != nil {
		t.keys.add(record)
	}
	t.server.wakeFor(t.world)
	return position
}

// apply makes a committed or replayed change true in memory.
func (w *world) apply(k *kind, id string, o object) {
	var was object
	if o == nil {
		was = w.table(k).remove(id)
	} else {
		was = w.table(k).put(o)
	}
	if k.global {
		w.server.locate(id, w, o != nil)
	}
	if k.applied != nil && (was != nil || o != nil) {
		k.applied(w, was, o)
	}
}

// decodeEntry reads one line of the journal and returns what makes it true.
func (s *Server) decodeEntry(line []byte) (apply func(), err error) {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, err
	}
	kinds, objects := make([]*kind, len(e.Put)), make([]object, len(e.Put))
	for i, put := range e.Put {
		if kinds[i], objects[i], err = put.decode(); err != nil {
			return nil, err
		}
	}
	return func() {
		w := s.worldOf(e.Account)
		w.floor = time.Unix(0, e.At)
		if e.Offset != nil {
			w.offset = time.Duration(*e.Offset)
		}
		for i, put := range e.Put {
			w.apply(kinds[i], put.ID, objects[i])
		}
		if e.Idem != nil {
			w.keys.add(e.Idem)
		}
	}, nil
}

// decode returns the object that was put, nil if it was removed.
func (put entryPut) decode() (*kind, object, error) {
	k, ok := kindsByName[put.Kind]
	if !ok {
		return nil, nil, fmt.Errorf("unknown kind of object %q", put.Kind)
	}
	if put.Value == nil {
		return k, nil, nil
	}
	o := k.fresh()
	if err := json.Unmarshal(put.Value, o); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", put.ID, err)
	}
	if h := o.hidden(); h != nil && put.Hidden != nil {
		if err := json.Unmarshal(put.Hidden, h); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", put.ID, err)
		}
	}
	return k, o, nil
}

// encode is JSON of our own values, which always succeeds.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: encode %T: %v", v, err))
	}
	return b
}
