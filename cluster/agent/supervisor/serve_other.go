//go:build !linux

package supervisor

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
)

func secondSelf() (*exec.Cmd, error) {
	return nil, errors.New("running tasks needs Linux, this is " + runtime.GOOS)
}

// UsageOf knows nothing here.
func UsageOf(roots []int) []Usage { return make([]Usage, len(roots)) }

func filePair() (mine, theirs *os.File, err error) { return nil, nil, errors.ErrUnsupported }

func sendFiles(*os.File, []*os.File) error { return errors.ErrUnsupported }
