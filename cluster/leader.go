package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	v1 "mesosbook/mesos/v1"
)

// runs are the masters that run, the leader first.
func (c *Cluster) runs() []*masterRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*masterRun
	for _, s := range c.seats {
		switch {
		case s.run == nil:
		case s.run.leads:
			out = append([]*masterRun{s.run}, out...)
		default:
			out = append(out, s.run)
		}
	}
	return out
}

// leading is the master of this program that leads now, nil for none.
func (c *Cluster) leading() *masterRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.seats {
		if s.run != nil && s.run.leads {
			return s.run
		}
	}
	return nil
}

func (c *Cluster) seatURL(s *seat) string {
	return "http://" + net.JoinHostPort(c.opts.Hostname, strconv.Itoa(s.port))
}

// MasterURL is the leading master's "http://127.0.0.1:5050"; while none leads that
// of the last one.
func (c *Cluster) MasterURL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.seats {
		if s.run != nil && s.run.leads {
			c.last = i
		}
	}
	return c.seatURL(c.seats[c.last])
}

// MasterURLs are all masters', whether they run or not, in the order of their
// numbers.
func (c *Cluster) MasterURLs() []string {
	urls := make([]string, len(c.seats))
	for i, s := range c.seats {
		urls[i] = c.seatURL(s)
	}
	return urls
}

// Master is how one of a cluster's masters is.
type Master struct {
	URL     string
	Running bool
	Leading bool // and answers as the leader
}

// Masters tells how the masters are, in the order of their numbers.
func (c *Cluster) Masters() []Master {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Master, len(c.seats))
	for i, s := range c.seats {
		out[i] = Master{URL: c.seatURL(s), Running: s.run != nil, Leading: s.run != nil && s.run.leads}
	}
	return out
}

// AwaitLeader waits until a master leads and answers, and gives its URL. With
// Options.ZooKeeper that may be a master of another program. It fails when ctx ends,
// when the cluster was stopped, and when no master can lead.
func (c *Cluster) AwaitLeader(ctx context.Context) (string, error) {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		url, trouble, err := c.leaderNow()
		if url != "" || err != nil {
			return url, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			err := context.Cause(ctx)
			if trouble != nil {
				err = fmt.Errorf("%w (%w)", err, trouble)
			}
			return "", fmt.Errorf("await leader: %w", err)
		}
	}
}

// leaderNow gives the leader's URL, or what is in the way of one; err is set when
// waiting is of no use.
func (c *Cluster) leaderNow() (url string, trouble, err error) {
	c.mu.Lock()
	stopped := c.stopped
	c.mu.Unlock()
	if stopped {
		return "", nil, fmt.Errorf("await leader: %w", errStopped)
	}
	var failures []error
	runs := c.runs()
	for _, run := range runs {
		c.mu.Lock()
		leads, failure := run.leads, run.err
		c.mu.Unlock()
		if leads {
			return c.seatURL(run.seat), nil, nil
		}
		if failure != nil {
			failures = append(failures, fmt.Errorf("master %d: %w", run.seat.number, failure))
			continue
		}
		state, _ := run.member.State()
		if state.Leader != nil && !c.ours(state.Leader) {
			return "http://" + addressOf(state.Leader), nil, nil
		}
		if state.Err != nil {
			trouble = state.Err
		}
	}
	if len(failures) > 0 && len(failures) == len(runs) {
		return "", nil, fmt.Errorf("await leader: %w", errors.Join(failures...))
	}
	return "", trouble, nil
}

// ours says whether a leader has one of this cluster's seats.
func (c *Cluster) ours(info *v1.MasterInfo) bool {
	for _, s := range c.seats {
		if info.GetHostname() == c.opts.Hostname && int(info.GetPort()) == s.port {
			return true
		}
	}
	return false
}
