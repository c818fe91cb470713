package main

import (
	"fmt"
	"os"
	"syscall"
)

// claimPIDFile locks path for the life of the process and writes the process
// id into it. Whoever finds it locked knows that id to be alive and ours; a
// process id alone may long belong to somebody else. An empty path claims
// nothing.
func claimPIDFile(path string) (release func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("-pid-file: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("-pid-file: %s is held by another temporald: %w", path, err)
	}
	if err = file.Truncate(0); err == nil {
		_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("-pid-file: %w", err)
	}
	return func() { file.Close() }, nil
}
