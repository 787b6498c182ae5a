package cluster

import (
	"errors"
	"fmt"

	"mesosbook/cluster/election"
)

// KillMaster ends the leading master as SIGKILL would: connections break without a
// last word. Another takes the lead, if there is one; else RestartMaster starts a
// new one. What a new leader knows is what Options.WorkDir says.
func (c *Cluster) KillMaster() error {
	c.change.Lock()
	defer c.change.Unlock()
	runs := c.runs()
	if len(runs) == 0 {
		return errors.New("kill master: none runs")
	}
	c.endMaster(runs[0], election.Member.Vanish)
	return nil
}

// KillMasterAt is KillMaster for the master with that number, counted from 0,
// whether or not it leads.
func (c *Cluster) KillMasterAt(i int) error {
	c.change.Lock()
	defer c.change.Unlock()
	_, run, err := c.seat(i)
	if err != nil {
		return fmt.Errorf("kill master: %w", err)
	}
	if run == nil {
		return fmt.Errorf("kill master: master %d does not run", i)
	}
	c.endMaster(run, election.Member.Vanish)
	return nil
}

// RestartMaster starts new masters, with new ids, on the ports of those that were
// killed; where all run the leading one is killed and started again. The agents
// come back by themselves.
func (c *Cluster) RestartMaster() error {
	c.change.Lock()
	defer c.change.Unlock()
	dead := c.deadSeats()
	if len(dead) == 0 {
		run := c.runs()[0]
		c.endMaster(run, election.Member.Vanish)
		dead = []*seat{run.seat}
	}
	for _, s := range dead {
		if err := c.restart(s); err != nil {
			return err
		}
	}
	return nil
}

// RestartMasterAt starts the master with that number again, after killing it if it
// runs.
func (c *Cluster) RestartMasterAt(i int) error {
	c.change.Lock()
	defer c.change.Unlock()
	s, run, err := c.seat(i)
	if err != nil {
		return fmt.Errorf("restart master: %w", err)
	}
	if run != nil {
		c.endMaster(run, election.Member.Vanish)
	}
	return c.restart(s)
}

// restart starts a master on a free seat. Cluster.change is held.
func (c *Cluster) restart(s *seat) error {
	err := c.running()
	if err == nil {
		err = c.reopen(s)
	}
	if err == nil {
		c.mu.Lock()
		err = s.run.err
		c.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("restart master %d: %w", s.number, err)
	}
	return nil
}

func (c *Cluster) deadSeats() []*seat {
	c.mu.Lock()
	defer c.mu.Unlock()
	var dead []*seat
	for _, s := range c.seats {
		if s.run == nil {
			dead = append(dead, s)
		}
	}
	return dead
}

// seat gives the place of the master with that number, and who runs there.
func (c *Cluster) seat(i int) (*seat, *masterRun, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= len(c.seats) {
		return nil, nil, fmt.Errorf("there is no master %d; the cluster has %d", i, len(c.seats))
	}
	if c.stopped {
		return nil, nil, errStopped
	}
	return c.seats[i], c.seats[i].run, nil
}
