package commands

import (
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"remit"
)

// Lists are paged by keyset: a cursor is the sort key and the id of the last
// item shown, so that a page stays right while rows are added before it.

const defaultLimit, maxLimit = 50, 100

func (p Page) limit() int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return min(p.Limit, maxLimit)
}

func cursor(key string, id uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(id.String() + key))
}

// after reads a cursor; no cursor is no key and no id.
func (p Page) after() (key string, id uuid.UUID, err error) {
	if p.After == "" {
		return "", uuid.Nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.After)
	if err != nil || len(raw) < 36 {
		return "", uuid.Nil, malformed("after", "This cursor is not one of ours.")
	}
	if id, err = uuid.Parse(string(raw[:36])); err != nil {
		return "", uuid.Nil, malformed("after", "This cursor is not one of ours.")
	}
	return string(raw[36:]), id, nil
}

func (p Page) afterDate() (*remit.Date, uuid.UUID, error) {
	key, id, err := p.after()
	if err != nil || id == uuid.Nil {
		return nil, uuid.Nil, err
	}
	date, err := remit.ParseDate(key)
	if err != nil {
		return nil, uuid.Nil, malformed("after", "This cursor is not one of ours.")
	}
	return &date, id, nil
}

// cut makes a page of items of which one more than asked for was read.
func cut[T any](items []T, limit int, key func(T) (string, uuid.UUID)) List[T] {
	list := List[T]{Items: items}
	if len(items) > limit {
		list.Items = items[:limit]
		list.Next = cursor(key(items[limit-1]))
	}
	return list
}

// merge joins sorted pages of several tenants into one sorted page.
func merge[T any](pages [][]T, key func(T) (string, uuid.UUID)) []T {
	if len(pages) == 1 {
		return pages[0]
	}
	var all []T
	for {
		best := -1
		for n, page := range pages {
			if len(page) > 0 && (best < 0 || before(page[0], pages[best][0], key)) {
				best = n
			}
		}
		if best < 0 {
			return all
		}
		all = append(all, pages[best][0])
		pages[best] = pages[best][1:]
	}
}

func before[T any](a, b T, key func(T) (string, uuid.UUID)) bool {
	aKey, aID := key(a)
	bKey, bID := key(b)
	if order := strings.Compare(aKey, bKey); order != 0 {
		return order < 0
	}
	return strings.Compare(aID.String(), bID.String()) < 0
}

// tenantsFor is which of the caller's tenants a list covers: that of the path
// given, else all of them.
func tenantsFor(caller Caller, organisation string) ([]Membership, string, error) {
	if organisation == "" {
		return caller.Tenants, "", nil
	}
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return nil, "", err
	}
	path, err := remit.ParsePath(organisation)
	if err != nil {
		return nil, "", malformed("organisation", remit.AsError(err).Message)
	}
	return []Membership{member}, path.String(), nil
}
