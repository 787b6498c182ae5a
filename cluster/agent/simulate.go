package agent

import (
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	v1 "mesosbook/mesos/v1"
)

// simulated is a process that there is not: it ends by a timer or by a signal.
type simulated struct {
	id     int
	done   chan struct{}
	end    sync.Once
	timer  *time.Timer
	status syscall.WaitStatus
}

// firstSimulatedID is beyond all that a process of the machine has (pid_max is at
// most 2^22).
const firstSimulatedID = 1<<22 + 1

// simulate reads a command as far as its time and its end are concerned: commands
// separated by ';' or '&&', of which "sleep SECONDS" takes time and "exit CODE"
// ends it. What starts none of them runs until it is signalled, like a server.
func simulate(id int, c *v1.CommandInfo) process {
	p := &simulated{id: id, done: make(chan struct{})}
	took, code, ends := script(c.GetValue())
	if ends {
		p.timer = time.AfterFunc(took, func() { p.finish(syscall.WaitStatus(code << 8)) })
	}
	return p
}

func script(text string) (took time.Duration, code int, ends bool) {
	for _, part := range strings.Split(strings.ReplaceAll(text, "&&", ";"), ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		arg := 0.0
		if len(words) > 1 {
			arg, _ = strconv.ParseFloat(words[1], 64)
		}
		switch words[0] {
		case "sleep":
			took += duration(arg)
		case "exit":
			return took, int(arg) & 0xff, true
		case "true", "echo":
		case "false":
			code = 1
			ends = true
			continue
		default:
			return 0, 0, false
		}
		code, ends = 0, true
	}
	return took, code, ends
}

func (p *simulated) finish(ws syscall.WaitStatus) {
	p.end.Do(func() {
		p.status = ws
		close(p.done)
	})
}

func (p *simulated) ID() int                            { return p.id }
func (p *simulated) Done() <-chan struct{}              { return p.done }
func (p *simulated) Status() (syscall.WaitStatus, bool) { return p.status, true }

func (p *simulated) Signal(s syscall.Signal) error {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.finish(syscall.WaitStatus(s))
	return nil
}

func (p *simulated) SignalAlone(s syscall.Signal) error { return p.Signal(s) }
