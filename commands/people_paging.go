package commands

import (
	"remit"
)

// acrossTenants reads a page of a list that runs through several tenants one
// after the other, in the order of their paths, beginning with the one whose
// top-level path is from: read is asked for at most so many rows, and told
// whether the tenant is the one a cursor lies in.
func acrossTenants[T any](tenants []Membership, from string, limit int, read func(m Membership, first bool, limit int) ([]T, error)) ([]T, error) {
	rows := []T{}
	for _, m := range tenants {
		if m.Path < from {
			continue
		}
		if len(rows) == limit {
			break
		}
		more, err := read(m, m.Path == from, limit-len(rows))
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// topOf is the top-level path of a path that came in a cursor, "" of none.
func topOf(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	parsed, err := remit.ParsePath(path)
	if err != nil {
		return "", malformed("after", "This cursor is not one of ours.")
	}
	return parsed.Top().String(), nil
}
