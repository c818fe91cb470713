package sandbox

import (
	"slices"
	"sort"
)

// object is anything an account keeps. Its exported JSON form is what the API
// answers and what events carry; what it must remember besides is in hidden.
type object interface {
	kind() *kind
	key() string        // its id, unique within the account
	born() int64        // Unix seconds of the account's clock
	listedBy() []string // what it can be listed by, e.g. "customer:cus_1"
	hidden() any        // pointer to what is kept but never answered, or nil
}

// kind describes one kind of object to the store, the journal and expand.
type kind struct {
	name    string // in the journal and in "No such <name>"; a leading "_" is the stand-in's own
	prefix  string // of its ids, without "_"; "" for the stand-in's own
	alias   string // another prefix, of those that are about bank accounts
	global  bool   // its ids can be found without knowing the account (hosted pages)
	fresh   func() object
	expands []string // fields holding the id of another object

	// includes are fields that are absent unless expanded, e.g. charge.refunds.
	includes map[string]func(t *tx, o object) any
	// renders overrides the wire form.
	renders func(t *tx, o object) any
	// applied runs after a change of such an object is committed or replayed,
	// under the account's lock; was or is is nil for creation and removal.
	applied func(w *world, was, is object)
}

var (
	kindsByName   = map[string]*kind{}
	kindsByPrefix = map[string]*kind{}
)

// register makes a kind known; called from package variables only.
func register(k *kind) *kind {
	kindsByName[k.name] = k
	if k.prefix != "" {
		kindsByPrefix[k.prefix] = k
	}
	if k.alias != "" {
		kindsByPrefix[k.alias] = k
	}
	return k
}

// table holds the objects of one kind of one account, in order of creation.
type table struct {
	at    map[string]int // id to row
	rows  []object       // nil where removed
	born  []int64        // of each row, never decreasing
	index map[string][]int
}

func newTable() *table {
	return &table{at: map[string]int{}, index: map[string][]int{}}
}

func (t *table) get(id string) object {
	if row, ok := t.at[id]; ok {
		return t.rows[row]
	}
	return nil
}

// put stores o in place of what had its id, and returns that.
func (t *table) put(o object) (was object) {
	row, known := t.at[o.key()]
	if !known {
		row = len(t.rows)
		t.rows, t.born = append(t.rows, nil), append(t.born, o.born())
		t.at[o.key()] = row
	}
	was = t.rows[row]
	t.rows[row] = o
	var before []string
	if was != nil {
		before = was.listedBy()
	}
	after := o.listedBy()
	for _, name := range before {
		if !slices.Contains(after, name) {
			t.unlist(name, row)
		}
	}
	for _, name := range after {
		if !slices.Contains(before, name) {
			t.list(name, row)
		}
	}
	return was
}

func (t *table) remove(id string) (was object) {
	row, known := t.at[id]
	if !known {
		return nil
	}
	was = t.rows[row]
	for _, name := range was.listedBy() {
		t.unlist(name, row)
	}
	t.rows[row] = nil
	delete(t.at, id)
	return was
}

func (t *table) list(name string, row int) {
	rows := t.index[name]
	i := sort.SearchInts(rows, row)
	t.index[name] = slices.Insert(rows, i, row)
}

func (t *table) unlist(name string, row int) {
	rows := t.index[name]
	if i := sort.SearchInts(rows, row); i < len(rows) && rows[i] == row {
		rows = slices.Delete(rows, i, i+1)
	}
	if len(rows) == 0 {
		delete(t.index, name)
		return
	}
	t.index[name] = rows
}

// all returns the objects listed by name ("" for every one), oldest first.
func (t *table) all(name string) []object {
	var found []object
	for i := range t.count(name) {
		if o := t.nth(name, i); o != nil {
			found = append(found, o)
		}
	}
	return found
}

func (t *table) count(name string) int {
	if name == "" {
		return len(t.rows)
	}
	return len(t.index[name])
}

func (t *table) nth(name string, i int) object {
	if name == "" {
		return t.rows[i]
	}
	return t.rows[t.index[name][i]]
}

// bornBy is how many entries of the list by name were created at or before the
// second.
func (t *table) bornBy(name string, second int64) int {
	return sort.Search(t.count(name), func(i int) bool {
		if name != "" {
			i = t.index[name][i]
		}
		return t.born[i] > second
	})
}

// place is where id stands in the order of the list by name: the number of
// entries before it.
func (t *table) place(name, id string) (int, bool) {
	row, ok := t.at[id]
	if !ok {
		return 0, false
	}
	if name == "" {
		return row, true
	}
	return sort.SearchInts(t.index[name], row), true
}
