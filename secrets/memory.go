package secrets

import (
	"context"
	"sync"
)

// MemoryStore is a [Store] that forgets: for tests and for tools that need
// keys for one run only. The zero value is ready for use.
type MemoryStore struct {
	mu   sync.Mutex
	rows map[string]memoryRow
}

type memoryRow struct {
	sealed  []byte
	version int64
}

// LoadKeyset returns the stored blob; it never fails.
func (s *MemoryStore) LoadKeyset(_ context.Context, purpose string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.rows[purpose]
	return row.sealed, row.version, nil
}

// SaveKeyset stores the blob if nobody else did since previous; it never fails.
func (s *MemoryStore) SaveKeyset(_ context.Context, purpose string, previous int64, sealed []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows[purpose].version != previous {
		return false, nil
	}
	if s.rows == nil {
		s.rows = map[string]memoryRow{}
	}
	s.rows[purpose] = memoryRow{sealed: append([]byte(nil), sealed...), version: previous + 1}
	return true, nil
}
