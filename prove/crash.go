package prove

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// crashes is the folder in which it is written where a process has to die: a
// file for each boundary, its name the boundary's, its content the passing that
// is the last. A file that has struck is renamed, so that it strikes once.
type crashes string

const struck = ".struck"

func (c crashes) file(boundary string) string {
	return filepath.Join(string(c), strings.ReplaceAll(boundary, " ", "-"))
}

// arm has the next process that passes a boundary for the nth time die there.
func (c crashes) arm(boundary string, nth int) error {
	return os.WriteFile(c.file(boundary), []byte(strconv.Itoa(nth)), 0o600)
}

// disarm takes back what has not struck.
func (c crashes) disarm(boundary string) { os.Remove(c.file(boundary)) }

// take reports which boundaries have struck since it was last asked.
func (c crashes) take() []string {
	found, err := filepath.Glob(filepath.Join(string(c), "*"+struck))
	if err != nil {
		return nil
	}
	for n, file := range found {
		os.Remove(file)
		found[n] = strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), struck), "-", " ")
	}
	return found
}

// hook is called by the process at each boundary.
func (c crashes) hook() func(boundary string) {
	var mutex sync.Mutex
	passed := map[string]int{}
	return func(boundary string) {
		mutex.Lock()
		defer mutex.Unlock()
		file := c.file(boundary)
		raw, err := os.ReadFile(file) //nolint:gosec // named by ourselves
		if err != nil {
			delete(passed, boundary) // not armed
			return
		}
		passed[boundary]++
		if nth, err := strconv.Atoi(string(raw)); err != nil || passed[boundary] < nth {
			return
		}
		if os.Rename(file, file+struck) == nil { //nolint:gosec // named by ourselves
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
}
