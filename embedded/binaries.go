package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// oldestPostgres is the oldest major version Remit's SQL runs on.
const oldestPostgres = 15

// ErrNoPostgres is in the error of [StartPostgres] when the machine has no
// usable PostgreSQL binaries.
var ErrNoPostgres = errors.New("no PostgreSQL server binaries found")

// binaries are the initdb and postgres of one installation.
type binaries struct {
	dir   string
	major int
}

// findBinaries looks in $PG_BIN, on the PATH, then where Debian, Ubuntu and
// Homebrew put versions side by side, newest first. With major above zero only
// that version will do: a cluster is read by no other.
func findBinaries(ctx context.Context, major int) (binaries, error) {
	var places []string
	if dir := os.Getenv("PG_BIN"); dir != "" {
		places = append(places, dir)
	} else {
		places = installedPlaces()
	}
	var seen []string
	for _, dir := range places {
		version, err := majorVersion(ctx, filepath.Join(dir, "postgres"))
		if err != nil || !isFile(filepath.Join(dir, "initdb")) {
			continue
		}
		if version >= oldestPostgres && (major == 0 || version == major) {
			return binaries{dir, version}, nil
		}
		seen = append(seen, fmt.Sprintf("%s has %d", dir, version))
	}
	want := fmt.Sprintf("version %d or later", oldestPostgres)
	if major > 0 {
		want = fmt.Sprintf("version %d, which made the data folder", major)
	}
	return binaries{}, fmt.Errorf("%w: want %s in $PG_BIN, on the PATH or below /usr/lib/postgresql %q; on Debian or Ubuntu: apt-get install postgresql",
		ErrNoPostgres, want, seen)
}

func installedPlaces() []string {
	var places []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real // a lone link beside other programs has no initdb next to it
		}
		places = append(places, filepath.Dir(path))
	}
	var versions []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"} {
		found, _ := filepath.Glob(pattern) // fails for a malformed pattern only
		versions = append(versions, found...)
	}
	slices.SortStableFunc(versions, func(a, b string) int { return cmp.Compare(numberIn(b), numberIn(a)) })
	return append(places, versions...)
}

var firstNumber = regexp.MustCompile(`[0-9]+`)

func numberIn(text string) int {
	number, _ := strconv.Atoi(firstNumber.FindString(text)) // 0 when there is none
	return number
}

func majorVersion(ctx context.Context, postgres string) (int, error) {
	if !isFile(postgres) {
		return 0, os.ErrNotExist
	}
	out, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		return 0, err
	}
	return numberIn(string(out)), nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
