package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"remit"
)

// State is how far a demo has come, as it is noted in the data folder.
type State struct {
	Day   remit.Date `json:"day"` // on which seeding began; all dates are relative to it
	Done  bool       `json:"done"`
	Parts []string   `json:"parts,omitempty"` // of those added later, which are there or were once
}

// readState reads the note, which is empty before the first run. One torn by a
// crash counts as none: what is there is recognised anyway.
func readState(path string) (State, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read how far the demo came: %w", err)
	}
	var state State
	if json.Unmarshal(raw, &state) != nil {
		state = State{}
	}
	return state, nil
}

func writeState(path string, state State) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("note how far the demo came: %w", err)
	}
	return writeFile(path, append(raw, '\n'))
}

// writeFile writes a file for its owner alone, whole or not at all.
func writeFile(path string, content []byte) error {
	err := os.WriteFile(path+".new", content, 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
