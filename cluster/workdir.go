package cluster

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"mesosbook/cluster/registry"
)

// makeWorkDir makes the directory of the options, or a temporary one, and keeps
// other clusters out of it.
func (c *Cluster) makeWorkDir() error {
	dir := c.opts.WorkDir
	if dir == "" {
		temp, err := os.MkdirTemp("", "mesosbook-")
		if err != nil {
			return err
		}
		c.workDir, c.temporary = temp, true
		if err := os.Chmod(temp, 0o755); err != nil { // tasks of other users go through it
			return err
		}
	} else {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		c.workDir = abs
		if err := os.MkdirAll(abs, 0o755); err != nil {
			return err
		}
		if err := c.lockWorkDir(); err != nil {
			return err
		}
	}
	if c.opts.keepsRegistry() {
		c.registry = registry.Open(filepath.Join(c.workDir, "registry.json"))
	}
	return nil
}

// lockWorkDir takes the directory's lock, which ends with the file's close and with
// the program at the latest.
func (c *Cluster) lockWorkDir() error {
	f, err := os.OpenFile(filepath.Join(c.workDir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("work directory %s: another cluster uses it; end that one, or name another directory", c.workDir)
	}
	c.lock = f
	return nil
}

// openLog opens the log of a master or an agent; there is none in a temporary directory.
func (c *Cluster) openLog(name string) (*os.File, error) {
	if c.temporary {
		return nil, nil
	}
	return os.OpenFile(filepath.Join(c.workDir, name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
}

// logging is where a master or an agent logs to, and the file of it that it shows.
func (c *Cluster) logging(log *os.File) (w io.Writer, path string) {
	if log == nil {
		return c.opts.Log, ""
	}
	if c.opts.Log == io.Discard {
		return log, log.Name()
	}
	return io.MultiWriter(log, c.opts.Log), log.Name()
}

// closeLog closes a log, if there is one.
func closeLog(log *os.File) error {
	if log == nil {
		return nil
	}
	return log.Close()
}
