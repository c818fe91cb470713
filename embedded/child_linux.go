package embedded

import (
	"fmt"
	"os"
	"syscall"
)

// endWithParent has the kernel send signal when the starting thread ends.
func endWithParent(attributes *syscall.SysProcAttr, signal syscall.Signal) {
	attributes.Pdeathsig = signal
}

// worksIn reports whether a process is alive with dir as its working folder,
// which tells a PostgreSQL server of that data folder from an unrelated
// process that got the same id.
func worksIn(pid int, dir string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && cwd == dir
}
