package demo

import (
	"context"
	"slices"
)

// SeedFirst makes the demo as it was before it had parts.
func SeedFirst(ctx context.Context, options Options) error {
	s, err := begin(options)
	if err != nil {
		return err
	}
	return s.furnish(ctx, slices.DeleteFunc(s.steps(), func(t step) bool { return t.part != "" }))
}
