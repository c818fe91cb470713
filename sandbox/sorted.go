package sandbox

import (
	"cmp"
	"maps"
	"slices"
)

// sortedKeys puts a map in an order that is the same each time.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
