package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// kekSize is an AES-256 key, in bytes.
const kekSize = 32

// ReadKEK reads the key encryption key: 32 bytes as one line of base64, in a
// regular file that only its owner may read (mode 0400 or 0600). Whoever holds
// it and the database holds every key; keep it out of backups.
func ReadKEK(path string) (tink.AEAD, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("key encryption key: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("key encryption key: %w", err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm() != 0o400 && mode.Perm() != 0o600 {
		return nil, fmt.Errorf("key encryption key: %s has mode %s; it must be a regular file of mode 0400 or 0600", path, mode)
	}
	text := make([]byte, 128)
	n, err := file.Read(text)
	if err != nil {
		return nil, fmt.Errorf("key encryption key: %s cannot be read or is empty", path)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text[:n])))
	if err != nil || len(key) != kekSize {
		return nil, fmt.Errorf("key encryption key: %s must hold %d bytes in base64 (make one with: openssl rand -base64 %d)",
			path, kekSize, kekSize)
	}
	return subtle.NewAESGCM(key)
}

// CreateKEK writes a new random key to path with mode 0400, for the demo and
// for a first start. A file that is already there is kept untouched, also when
// two processes arrive at once. The folder is made with mode 0700.
func CreateKEK(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("key encryption key: %w", err)
	}
	temporary, err := os.CreateTemp(folder, ".kek-*")
	if err != nil {
		return fmt.Errorf("key encryption key: %w", err)
	}
	defer os.Remove(temporary.Name())
	if err := writeKey(temporary); err != nil {
		return fmt.Errorf("key encryption key: %w", err)
	}
	// A link, unlike a rename, fails where somebody else was first.
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("key encryption key: %w", err)
	}
	return nil
}

// writeKey fills, flushes and closes the file.
func writeKey(file *os.File) error {
	key := make([]byte, kekSize)
	_, _ = rand.Read(key) // never fails: the runtime aborts instead
	_, err := file.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	return errors.Join(err, file.Chmod(0o400), file.Sync(), file.Close())
}
