package sandbox

import (
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
)

// directory is what accounts may know of each other: the last committed state
// of those few kinds of object that a platform and its connected accounts see
// of one another. It is read and written under any account's lock and never
// takes one, so that nobody ever holds the locks of two accounts.
type directory struct {
	mu       sync.Mutex
	accounts map[string]*account
	banks    map[string][]*bankAccount              // by account
	hooks    map[string]map[string]*webhookEndpoint // connect endpoints, by platform and id
	clients  map[string]string                      // client id to account
}

func (d *directory) init() {
	d.accounts, d.clients = map[string]*account{}, map[string]string{}
	d.banks, d.hooks = map[string][]*bankAccount{}, map[string]map[string]*webhookEndpoint{}
}

func init() {
	accounts.applied = func(w *world, _, is object) {
		d := &w.server.directory
		d.mu.Lock()
		defer d.mu.Unlock()
		if a, ok := is.(*account); ok {
			d.accounts[a.ID], d.clients[clientID(a.ID)] = a, a.ID
		}
	}
	bankAccounts.applied = func(w *world, was, is object) {
		d := &w.server.directory
		d.mu.Lock()
		defer d.mu.Unlock()
		all := slices.Clone(d.banks[w.id])
		b, ok := is.(*bankAccount)
		if !ok {
			d.banks[w.id] = slices.DeleteFunc(all, func(other *bankAccount) bool { return other.ID == was.key() })
			return
		}
		if i := slices.IndexFunc(all, func(other *bankAccount) bool { return other.ID == b.ID }); i >= 0 {
			all[i] = b
		} else {
			all = append(all, b)
		}
		d.banks[w.id] = all
	}
	webhookEndpoints.applied = func(w *world, was, is object) {
		d := &w.server.directory
		d.mu.Lock()
		defer d.mu.Unlock()
		if e, ok := is.(*webhookEndpoint); ok && e.Kept.Connect {
			if d.hooks[w.id] == nil {
				d.hooks[w.id] = map[string]*webhookEndpoint{}
			}
			d.hooks[w.id][e.ID] = e
		} else if was != nil {
			delete(d.hooks[w.id], was.key())
		}
	}
}

// clientID is the account's id as an OAuth application: always the same one.
func clientID(account string) string {
	sum := sha256.Sum256([]byte("client:" + account))
	return "ca_" + inBase62(sum[:], 32)
}

// account returns an account as it was last committed, nil if there is none.
// It is not to be written to.
func (d *directory) account(id string) *account {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts[id]
}

// banksOf are an account's banks, oldest first.
func (d *directory) banksOf(account string) []*bankAccount {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.banks[account]
}

// client returns the account whose client id it is.
func (d *directory) client(id string) (account string, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	account, known = d.clients[id]
	return account, known
}

// choose returns the accounts that match, oldest first.
func (d *directory) choose(matches func(a *account) bool) []*account {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []*account
	for _, a := range d.accounts {
		if matches(a) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *account) int {
		if a.Created != b.Created {
			return int(a.Created - b.Created)
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return found
}

// hooksOf are a platform's endpoints for events of connected accounts.
func (d *directory) hooksOf(platform string) []*webhookEndpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.SortedFunc(maps.Values(d.hooks[platform]), func(a, b *webhookEndpoint) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
}

// hook is one of them, nil if it is gone.
func (d *directory) hook(platform, id string) *webhookEndpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hooks[platform][id]
}
