package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"mesosbook/cluster/agent"
)

func (c *Cluster) running() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return errStopped
	}
	return nil
}

// node gives the agent with that number, counted from 0.
func (c *Cluster) node(i int) (*node, *agent.Agent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= len(c.nodes) {
		return nil, nil, fmt.Errorf("there is no agent %d; the cluster has %d", i, len(c.nodes))
	}
	if c.stopped {
		return nil, nil, errStopped
	}
	return c.nodes[i], c.nodes[i].agent, nil
}

// KillAgent ends agent i as SIGKILL would: its endpoints and its connection to the
// master are gone. Tasks of frameworks without checkpointing end with it, the
// others run on, and are there again after RestartAgent.
func (c *Cluster) KillAgent(i int) error {
	c.change.Lock()
	defer c.change.Unlock()
	n, a, err := c.node(i)
	if err != nil {
		return fmt.Errorf("kill agent: %w", err)
	}
	if a == nil || n.front == nil {
		return fmt.Errorf("kill agent: agent %d does not run", i)
	}
	c.closeFront(n)
	a.Suspend()
	return nil
}

func (c *Cluster) closeFront(n *node) {
	c.mu.Lock()
	front := n.front
	n.front = nil
	c.mu.Unlock()
	front.close()
}

// StopAgent ends agent i in good order: it leaves the master, and its tasks are
// lost. RestartAgent starts it again, without them: as the same agent, with its
// volumes, where Options.WorkDir is set, else as a new one.
func (c *Cluster) StopAgent(i int) error {
	c.change.Lock()
	defer c.change.Unlock()
	n, a, err := c.node(i)
	if err != nil {
		return fmt.Errorf("stop agent: %w", err)
	}
	if a == nil {
		return fmt.Errorf("stop agent: agent %d does not run", i)
	}
	a.Leave()
	c.closeFront(n)
	c.mu.Lock()
	n.agent = nil
	c.mu.Unlock()
	return a.Close()
}

// RestartAgent starts agent i again after KillAgent or StopAgent; one that runs is
// killed first.
func (c *Cluster) RestartAgent(i int) error {
	n, a, err := c.node(i)
	if err != nil {
		return fmt.Errorf("restart agent: %w", err)
	}
	c.mu.Lock()
	runs := n.front != nil
	c.mu.Unlock()
	if runs {
		if err := c.KillAgent(i); err != nil {
			return err
		}
	}
	c.change.Lock()
	defer c.change.Unlock()
	l, err := listen(c.opts.Listen, n.port, true)
	if err != nil {
		return fmt.Errorf("restart agent: %w", err)
	}
	if a == nil {
		if a, err = agent.New(n.opts); err == nil {
			err = a.Start(context.Background())
		}
		if err != nil {
			l.Close()
			return fmt.Errorf("restart agent: %w", err)
		}
	} else {
		a.Resume()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n.agent, n.front = a, serve(l, c.guard(a.Handler()), c.opts.Log)
	return nil
}

// CutLink parts agent i from the master until RestoreLink, as a broken network
// does: both run on, and what they say is lost. The master notices by its pings.
func (c *Cluster) CutLink(i int) error {
	return c.setWire("cut link", i, func(w *wire) { w.cut = true })
}

// DelayLink lets everything between the master and agent i take d longer.
func (c *Cluster) DelayLink(i int, d time.Duration) error {
	return c.setWire("delay link", i, func(w *wire) { w.delay = d })
}

// DropUpdates loses the next n status updates of agent i on their way to the
// master. The agent sends them again after its retry interval.
func (c *Cluster) DropUpdates(i, n int) error {
	return c.setWire("drop updates", i, func(w *wire) { w.drop = n })
}

// RestoreLink ends what CutLink, DelayLink and DropUpdates began.
func (c *Cluster) RestoreLink(i int) error {
	n, _, err := c.node(i)
	if err != nil {
		return fmt.Errorf("restore link: %w", err)
	}
	n.wire.restore()
	return nil
}

func (c *Cluster) setWire(op string, i int, change func(*wire)) error {
	n, _, err := c.node(i)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	n.wire.set(change)
	return nil
}

// CutConnections breaks every HTTP connection to the masters, the frameworks'
// streams among them. The masters run on, and take new ones.
func (c *Cluster) CutConnections() error {
	runs := c.runs()
	if len(runs) == 0 {
		return errors.New("cut connections: no master runs")
	}
	for _, run := range runs {
		run.front.listener.cut()
	}
	return nil
}

// HoldHeartbeats keeps the heartbeats back from all streams of the masters, or lets
// them go on. Everything else is sent.
func (c *Cluster) HoldHeartbeats(hold bool) { c.mute.on.Store(hold) }

// RescindOffers takes all outstanding offers of agent i back, as its deactivation
// by an operator does, and lets it be offered again at once.
func (c *Cluster) RescindOffers(ctx context.Context, i int) error {
	_, a, err := c.node(i)
	if err != nil {
		return fmt.Errorf("rescind offers: %w", err)
	}
	if a == nil {
		return fmt.Errorf("rescind offers: agent %d does not run", i)
	}
	for _, call := range []string{"DEACTIVATE_AGENT", "REACTIVATE_AGENT"} {
		body := fmt.Sprintf(`{"type":%q,%q:{"agent_id":{"value":%q}}}`, call, strings.ToLower(call), a.ID())
		if err := c.operate(ctx, body); err != nil {
			return fmt.Errorf("rescind offers: %w", err)
		}
	}
	return nil
}

// operate posts a call to the master's operator API.
func (c *Cluster) operate(ctx context.Context, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.MasterURL()+"/api/v1", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for principal, secret := range c.opts.Credentials {
		req.SetBasicAuth(principal, secret)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 200)) // for the error alone
		return fmt.Errorf("master answered %s: %s", res.Status, text)
	}
	return nil
}
