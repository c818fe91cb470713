// Command stripespec puts Stripe's OpenAPI document and a stripe-mock binary
// where Remit's conformance tests look for them.
//
// It owns no knowledge of Stripe: both files come out of the module
// github.com/stripe/stripe-mock at the version go.mod pins, whose document
// (2024-09-30.acacia) is the closest obtainable one to the API version Remit
// speaks (2024-06-20). It is a module of its own so that this dependency never
// reaches the module of the service. Nothing it writes belongs into the
// repository.
//
//	go -C tools/stripespec run . [-dir DIR]
//
// DIR defaults to remit/tools/stripe-mock-v0.189.0 below the user's cache
// folder ($XDG_CACHE_HOME, else ~/.cache) and receives spec3.json,
// fixtures3.json and stripe-mock. Running it again is harmless; it needs the
// go command, for it builds the binary.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/stripe/stripe-mock/embedded"
)

// Version is the version of stripe-mock in go.mod; it names the folder, so
// that another version's files are never mistaken for this one's.
const Version = "v0.189.0"

func main() {
	dir := flag.String("dir", "", "folder to fill; default: remit/tools/stripe-mock-"+Version+" below the user's cache folder")
	flag.Parse()
	if err := run(*dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "stripespec:", err)
		os.Exit(1)
	}
}

func run(dir string, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return errors.New("no cache folder is known for this user; name one with -dir")
		}
		dir = filepath.Join(cache, "remit", "tools", "stripe-mock-"+Version)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"spec3.json":     embedded.OpenAPISpec,
		"fixtures3.json": embedded.OpenAPIFixtures,
	} {
		if err := replace(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	binary := filepath.Join(dir, "stripe-mock")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "github.com/stripe/stripe-mock")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building stripe-mock: %w", err)
	}
	fmt.Println(dir)
	return nil
}

// replace writes a file in one step, so that a test running beside this
// command reads the old content or the new, never half of it.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
