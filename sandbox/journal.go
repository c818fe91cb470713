package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
)

var errJournalClosed = errors.New("sandbox: journal is closed")

const journalFile = "journal.jsonl"

// journal is the append-only record of everything the stand-in has done: one
// JSON object per line and per committed effect. A line is in order of commit,
// and nobody is answered before the line he caused is on disk. Lines that
// arrive while a write is under way share the next one (group commit).
type journal struct {
	file *os.File
	done chan struct{}

	mu       sync.Mutex
	work     *sync.Cond // lines wait to be written, or the journal closes
	flushed  *sync.Cond // durable moved, or err was set
	pending  []byte
	appended uint64 // lines handed in
	durable  uint64 // lines on disk
	err      error  // the first failed write; nothing is accepted after it
	closing  bool
}

// openJournal locks the folder, decodes every whole line and calls what decode
// returned for it, in order, and cuts off a torn last line (the write that a
// crash interrupted; nobody was told of it). A bad line anywhere else is damage
// and an error. It returns an error if another process has the folder open.
// decode may be called by several goroutines at once.
func openJournal(dir string, decode func(line []byte) (apply func(), err error)) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("sandbox: %s is open in another process: %w", dir, err)
	}
	end, err := replayLines(file, decode)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	j := &journal{file: file, done: make(chan struct{})}
	j.work, j.flushed = sync.NewCond(&j.mu), sync.NewCond(&j.mu)
	go j.write()
	return j, nil
}

// replayBatch is how many lines are decoded at once, on all cores.
const replayBatch = 1024

// replayLines returns the offset behind the last good line.
func replayLines(file io.Reader, decode func(line []byte) (func(), error)) (int64, error) {
	reader := bufio.NewReaderSize(file, 1<<20)
	var end int64
	for number := 1; ; {
		lines, last, err := readBatch(reader)
		if err != nil {
			return 0, err
		}
		applies, errs := decodeBatch(lines, decode)
		for i, line := range lines {
			if errs[i] != nil {
				if last && i == len(lines)-1 && !json.Valid(line) {
					return end, nil // torn, although its newline is there
				}
				return 0, fmt.Errorf("sandbox: journal line %d is damaged and is not the last: %w", number, errs[i])
			}
			applies[i]()
			end += int64(len(line))
			number++
		}
		if last {
			return end, nil
		}
	}
}

// readBatch returns whole lines; what is left at the end without a newline is
// torn and not returned. last says that the file has no more.
func readBatch(reader *bufio.Reader) (lines [][]byte, last bool, err error) {
	for len(lines) < replayBatch {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return lines, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, line)
	}
	_, err = reader.Peek(1)
	return lines, errors.Is(err, io.EOF), nil
}

// decodeBatch decodes lines, each on its own, on all cores.
func decodeBatch(lines [][]byte, decode func(line []byte) (func(), error)) ([]func(), []error) {
	applies, errs := make([]func(), len(lines)), make([]error, len(lines))
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(lines); i += workers {
				applies[i], errs[i] = decode(lines[i])
			}
		})
	}
	wait.Wait()
	return applies, errs
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// append takes a line without its newline and returns its number, for wait.
func (j *journal) append(line []byte) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(append(j.pending, line...), '\n')
	j.appended++
	j.work.Signal()
	return j.appended
}

// position is the number of the last line handed in: who waits for it has
// waited for everything he can have seen.
func (j *journal) position() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.appended
}

// wait returns once line number n is on disk, or with the error that keeps it
// from ever being there.
func (j *journal) wait(n uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable < n && j.err == nil {
		j.flushed.Wait()
	}
	if j.durable < n {
		return j.err
	}
	return nil
}

func (j *journal) write() {
	defer close(j.done)
	var batch []byte
	for {
		j.mu.Lock()
		for len(j.pending) == 0 && !j.closing {
			j.work.Wait()
		}
		if len(j.pending) == 0 || j.err != nil {
			j.mu.Unlock()
			return
		}
		batch, j.pending = j.pending, batch[:0]
		last := j.appended
		j.mu.Unlock()

		_, err := j.file.Write(batch)
		if err == nil {
			err = j.file.Sync()
		}

		j.mu.Lock()
		if err != nil {
			j.err = fmt.Errorf("sandbox: journal: %w", err)
		} else {
			j.durable = last
		}
		j.flushed.Broadcast()
		j.mu.Unlock()
	}
}

// close writes what is pending and releases the folder.
func (j *journal) close() error {
	j.mu.Lock()
	j.closing = true
	j.work.Signal()
	j.mu.Unlock()
	<-j.done
	j.mu.Lock()
	defer j.mu.Unlock()
	failed := j.err
	if j.err == nil {
		j.err = errJournalClosed
	}
	j.flushed.Broadcast()
	return errors.Join(failed, j.file.Close())
}
