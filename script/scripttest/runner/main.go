// Command runner is the process scripts run in, for tests: the program itself
// is one under -race there.
package main

import (
	"os"

	"remit/script"
)

func main() { os.Exit(script.Main(os.Stdin, os.Stdout)) }
