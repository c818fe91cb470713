package seals

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/google/uuid"

	"remit"
	"remit/secrets"
)

// File is the seals of one machine. Any number of processes may have it open.
// It is safe for concurrent use.
type File struct {
	path string
	keys *secrets.Keyring

	mu    sync.Mutex
	read  int64       // bytes that were read, all of them whole lines
	lines int         // and how many lines that were
	as    os.FileInfo // the file they were read from
	last  map[uuid.UUID]remit.AuditSeal
}

// Open reads the seals that are in a file. It may be missing: then there are
// none, and the first seal makes it.
func Open(path string, keys *secrets.Keyring) (*File, error) {
	f := &File{path: path, keys: keys, last: map[uuid.UUID]remit.AuditSeal{}}
	return f, f.refresh()
}

// Make makes the file where it is missing, for its owner alone, so that whoever
// is to seal fails at once where it cannot. Its folder has to be there.
func (f *File) Make() error { return f.exclusively(func(*os.File) error { return nil }) }

// Book reads the whole file. One that is missing, or nil, has no seals.
func (f *File) Book() (*Book, error) {
	if f == nil {
		return &Book{}, nil
	}
	book, err := ReadBook(f.path, f.keys)
	if errors.Is(err, fs.ErrNotExist) {
		return &Book{}, nil
	}
	return book, err
}

// openOrMake makes sure that a new file's name is on disk too.
func (f *File) openOrMake() (*os.File, error) {
	opened, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if opened, err = os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600); err == nil {
			err = syncFolder(filepath.Dir(f.path))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the file of audit seals: %w", err)
	}
	return opened, nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Last is the seal that counts now of a tenant, once it was read from the file
// as it is at this moment.
func (f *File) Last(tenant uuid.UUID) (seal remit.AuditSeal, found bool, err error) {
	if err := f.refresh(); err != nil {
		return remit.AuditSeal{}, false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	seal, found = f.last[tenant]
	return seal, found, nil
}

// refresh reads what was added since it was read last. Another file in its
// place is read from its beginning; what is known already is not forgotten.
func (f *File) refresh() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	opened, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the file of audit seals: %w", err)
	}
	defer opened.Close()
	now, err := opened.Stat()
	if err != nil {
		return fmt.Errorf("the file of audit seals: %w", err)
	}
	if f.as == nil || !os.SameFile(f.as, now) || now.Size() < f.read {
		f.read, f.lines = 0, 0
	}
	f.as = now
	if now.Size() == f.read {
		return nil
	}
	if _, err := opened.Seek(f.read, io.SeekStart); err != nil {
		return fmt.Errorf("the file of audit seals: %w", err)
	}
	return eachLine(opened, func(raw []byte) error {
		seal, err := decode(raw)
		if err != nil {
			return fmt.Errorf("line %d of the file of audit seals: %w", f.lines+1, err)
		}
		f.read += int64(len(raw))
		f.lines++
		// A line that is repeated further down says nothing new.
		if before, found := f.last[seal.Tenant]; !found || seal.At.After(before.At) {
			f.last[seal.Tenant] = seal
		}
		return nil
	})
}

// eachLine gives every whole line with its end. One without an end was torn by
// a crash, before anybody relied on it.
func eachLine(in io.Reader, do func(raw []byte) error) error {
	buffered := bufio.NewReader(in)
	for {
		raw, err := buffered.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the file of audit seals: %w", err)
		}
		if err := do(raw); err != nil {
			return err
		}
	}
}

// exclusively runs do while no other process appends to the file.
func (f *File) exclusively(do func(locked *os.File) error) (err error) {
	locked, err := f.openOrMake()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, locked.Close()) }() // closing unlocks
	for {
		err = syscall.Flock(int(locked.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("lock the file of audit seals: %w", err)
	}
	if err := f.refresh(); err != nil {
		return err
	}
	return do(locked)
}

// write appends seals and returns once they are on disk.
func (f *File) write(locked *os.File, list []remit.AuditSeal) error {
	if len(list) == 0 {
		return nil
	}
	var text bytes.Buffer
	for _, seal := range list {
		raw, err := encode(seal)
		if err != nil {
			return err
		}
		text.Write(raw)
	}
	f.mu.Lock()
	whole := f.read
	f.mu.Unlock()
	if err := locked.Truncate(whole); err != nil { // a line torn by a crash goes
		return fmt.Errorf("the file of audit seals: %w", err)
	}
	if _, err := locked.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the file of audit seals: %w", err)
	}
	if err := locked.Sync(); err != nil {
		return fmt.Errorf("write the file of audit seals: %w", err)
	}
	return f.refresh()
}
