package program_test

import (
	"fmt"
	"os"
	"testing"

	"remit/sandbox/stripespec"
)

// mirror repeats every request that Remit sends to the stand-in to a server
// generated from Stripe's own description, which refuses what Stripe would.
var mirror *stripespec.Mirror

func TestMain(m *testing.M) {
	base, stop, err := stripespec.StartMock()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	mirror = stripespec.NewMirror(base)
	code := m.Run()
	if err := mirror.Check(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "requests that Stripe would refuse:", err)
		code = 1
	}
	mirror.Close()
	stop()
	os.Exit(code)
}
