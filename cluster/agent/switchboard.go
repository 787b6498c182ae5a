package agent

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/agent/supervisor"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// switchboard carries the input and output of a container between its process
// and those who are attached to it (containerizer/mesos/io/switchboard.cpp). A
// container has one if it has a terminal or is a session; others write to their
// sandbox alone.
//
// Output goes to the files of the sandbox too. An attached client that reads too
// slowly holds the process up, as a terminal would, until it is cut off.
type switchboard struct {
	terminal bool
	stdin    *os.File    // where input goes: a pipe, or the terminal
	outputs  []*os.File  // stdout and stderr, or the terminal alone
	theirs   []*os.File  // stdin, stdout and stderr of the process
	logs     [2]*os.File // stdout and stderr in the sandbox, nil for none
	begin    chan struct{}
	finished chan struct{} // closed when all output was read
	copies   sync.WaitGroup
	started  sync.Once
	ended    sync.Once

	mu       sync.Mutex // guards what follows
	readers  map[*outputReader]struct{}
	attached bool // somebody gives input
}

// outputReader is a client that is attached to the output. Its records come until
// gone is closed, by itself.
type outputReader struct {
	records chan *agent.ProcessIO
	gone    chan struct{}
}

// newSwitchboard makes the pipes or the terminal of a container. A terminal
// belongs to user, nil for nobody else.
func newSwitchboard(tty *v1.TTYInfo, user *supervisor.User) (*switchboard, error) {
	b := &switchboard{begin: make(chan struct{}), finished: make(chan struct{}), readers: map[*outputReader]struct{}{}}
	open := b.openPipes
	if b.terminal = tty != nil; b.terminal {
		open = func() error { return b.openTerminal(tty.WindowSize, user) }
	}
	if err := open(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *switchboard) openTerminal(size *v1.TTYInfo_WindowSize, user *supervisor.User) error {
	master, slave, err := pty.Open()
	if err != nil {
		return mesosErrorf("Failed to open a master pseudo terminal: %w", err)
	}
	b.stdin, b.outputs, b.theirs = master, []*os.File{master}, []*os.File{slave, slave, slave}
	if err := chown(slave.Name(), user); err != nil {
		return mesosErrorf("Failed to chown the slave pseudo terminal: %w", err)
	}
	if size != nil {
		return b.resize(size)
	}
	return nil
}

func (b *switchboard) openPipes() error {
	var failed error
	pipe := func(name string) (r, w *os.File) {
		r, w, err := os.Pipe()
		if err != nil && failed == nil {
			failed = mesosErrorf("Failed to create %s pipe: %w", name, err)
		}
		return r, w
	}
	in, stdin := pipe("stdin")
	out, stdout := pipe("stdout")
	err, stderr := pipe("stderr")
	b.stdin, b.outputs, b.theirs = stdin, []*os.File{out, err}, []*os.File{in, stdout, stderr}
	return failed
}

// run begins to carry output into a sandbox, once the process has its ends: ours
// of them are closed. With wait, output stays where it is until the first client
// is attached. The goroutines end with the output, or with close.
func (b *switchboard) run(sandbox string, wait bool) {
	closeFiles(b.theirs)
	for i, name := range []string{"stdout", "stderr"} {
		// The task may have put something else there: no link is followed.
		if f, err := os.OpenFile(filepath.Join(sandbox, name), os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0); err == nil {
			b.logs[i] = f
		}
	}
	if !wait {
		b.start()
	}
	for i, from := range b.outputs {
		b.copies.Go(func() { b.carry(i, from) })
	}
	go func() { // ends with the copies
		b.copies.Wait()
		closeFiles(b.logs[:])
		close(b.finished)
	}()
}

func (b *switchboard) start() { b.started.Do(func() { close(b.begin) }) }

// chunk is how much is read at a time, in bytes (libprocess io.hpp).
const chunk = 16 * 4096

// carry hands one output on until it ends. The end of a terminal is EIO.
func (b *switchboard) carry(i int, from *os.File) {
	<-b.begin
	kind := []agent.ProcessIO_Data_Type{agent.ProcessIO_Data_STDOUT, agent.ProcessIO_Data_STDERR}[i]
	buf := make([]byte, chunk)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			data := append([]byte(nil), buf[:n]...)
			if b.logs[i] != nil {
				_, _ = b.logs[i].Write(data) // a full disk must not stop the process
			}
			b.broadcast(&agent.ProcessIO{Type: agent.ProcessIO_DATA.Enum(), Data: &agent.ProcessIO_Data{Type: kind.Enum(), Data: data}})
		}
		if err != nil {
			return
		}
	}
}

func (b *switchboard) broadcast(m *agent.ProcessIO) {
	b.mu.Lock()
	readers := make([]*outputReader, 0, len(b.readers))
	for r := range b.readers {
		readers = append(readers, r)
	}
	b.mu.Unlock()
	for _, r := range readers {
		select {
		case r.records <- m:
		case <-r.gone:
		}
	}
}

// attach adds a client; it gets what is written from now on, all of it if it is
// the first of a session. leave must follow.
func (b *switchboard) attach() *outputReader {
	r := &outputReader{records: make(chan *agent.ProcessIO, 16), gone: make(chan struct{})}
	b.mu.Lock()
	b.readers[r] = struct{}{}
	b.mu.Unlock()
	b.start()
	return r
}

func (b *switchboard) leave(r *outputReader) {
	close(r.gone)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.readers, r)
}

// holdInput reserves the input for one client; false if another one has it.
func (b *switchboard) holdInput() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.attached
	b.attached = true
	return !was
}

func (b *switchboard) releaseInput() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attached = false
}

// write gives the process input. Without a terminal, no bytes are the end of it;
// with one the client sends the terminal's own end-of-file character.
func (b *switchboard) write(data []byte) error {
	if len(data) == 0 && !b.terminal {
		return b.stdin.Close()
	}
	_, err := b.stdin.Write(data)
	return err
}

func (b *switchboard) resize(size *v1.TTYInfo_WindowSize) error {
	if !b.terminal {
		return syscall.ENOTTY
	}
	return pty.Setsize(b.stdin, &pty.Winsize{Rows: uint16(size.GetRows()), Cols: uint16(size.GetColumns())})
}

// close ends everything. What was written and not read is lost; closing twice is
// safe.
func (b *switchboard) close() {
	b.ended.Do(func() {
		closeFiles(b.theirs)
		closeFiles(b.outputs)
		if b.stdin != nil {
			b.stdin.Close()
		}
		b.start()
	})
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close() // a second time says so, and does no harm
		}
	}
}

// heartbeat is sent to attached clients that hear nothing else.
func heartbeat(interval int64) *agent.ProcessIO {
	return &agent.ProcessIO{Type: agent.ProcessIO_CONTROL.Enum(), Control: &agent.ProcessIO_Control{
		Type:      agent.ProcessIO_Control_HEARTBEAT.Enum(),
		Heartbeat: &agent.ProcessIO_Control_Heartbeat{Interval: &v1.DurationInfo{Nanoseconds: proto.Int64(interval)}}}}
}
