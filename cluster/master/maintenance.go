package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
	allocatorv1 "mesosbook/mesos/v1/allocator"
	maintenancev1 "mesosbook/mesos/v1/maintenance"

	"google.golang.org/protobuf/proto"
)

// machines is the maintenance that operators have planned. It is guarded by
// Master.mu.
type machines struct {
	windows []*maintenancev1.Window
	down    map[machineKey]bool
	answers map[inverseKey]*inverseAnswer
}

type machineKey struct{ hostname, ip string }

func newMachines() *machines {
	return &machines{down: map[machineKey]bool{}, answers: map[inverseKey]*inverseAnswer{}}
}

func keyOf(id *v1.MachineID) machineKey {
	return machineKey{strings.ToLower(id.GetHostname()), id.GetIp()}
}

func (ag *agent) machine() machineKey {
	ip, _ := ag.address()
	return machineKey{strings.ToLower(ag.info.GetHostname()), ip}
}

// machineOf is the machine of an agent that registers.
func machineOf(reg *link.RegisterAgent) machineKey {
	return (&agent{info: reg.Info, pid: reg.PID}).machine()
}

// unavailability planned for the machine of an agent, nil for none.
func (ms *machines) unavailability(ag *agent) *v1.Unavailability {
	for _, w := range ms.windows {
		for _, id := range w.GetMachineIds() {
			if keyOf(id) == ag.machine() {
				return w.Unavailability
			}
		}
	}
	return nil
}

func (ms *machines) schedule() *maintenancev1.Schedule {
	return &maintenancev1.Schedule{Windows: ms.windows}
}

// checkSchedule says what is wrong with a schedule (master/maintenance.cpp).
func (ms *machines) checkSchedule(s *maintenancev1.Schedule) error {
	seen := map[machineKey]bool{}
	for _, w := range s.GetWindows() {
		if len(w.GetMachineIds()) == 0 {
			return errors.New("List of machines in the maintenance window is empty")
		}
		if w.GetUnavailability().GetDuration().GetNanoseconds() < 0 {
			return errors.New("Unavailability 'duration' is negative")
		}
		for _, id := range w.GetMachineIds() {
			if err := checkMachine(id); err != nil {
				return err
			}
			if seen[keyOf(id)] {
				return fmt.Errorf("Machine '%s' appears more than once in the schedule", machineText(id))
			}
			seen[keyOf(id)] = true
		}
	}
	for key := range ms.down {
		if !seen[key] {
			return fmt.Errorf("Machine '%s (%s)' is deactivated and cannot be removed from the schedule", key.hostname, key.ip)
		}
	}
	return nil
}

func checkMachine(id *v1.MachineID) error {
	if id.GetHostname() == "" && id.GetIp() == "" {
		return errors.New("Both 'hostname' and 'ip' for a machine are empty")
	}
	if id.GetIp() != "" && net.ParseIP(id.GetIp()) == nil {
		return fmt.Errorf("Failed to parse the IP '%s'", id.GetIp())
	}
	return nil
}

func machineText(id *v1.MachineID) string { return id.GetHostname() + " (" + id.GetIp() + ")" }

// updateScheduleLocked replaces the schedule; agents whose machine it changes
// lose their offers, and their frameworks are asked anew.
func (m *Master) updateScheduleLocked(s *maintenancev1.Schedule) reply {
	if err := m.machines.checkSchedule(s); err != nil {
		return refused(http.StatusBadRequest, err.Error())
	}
	m.machines.windows = proto.CloneOf(s).GetWindows()
	m.saveLocked()
	var changed []string
	for _, ag := range m.sortedAgentsLocked() {
		next := m.machines.unavailability(ag)
		if proto.Equal(ag.unavailability, next) {
			continue
		}
		ag.unavailability = next
		changed = append(changed, ag.id)
		m.rescindAllLocked(ag)
		m.removeInverseOfLocked(ag)
		for key := range m.machines.answers {
			if key.agent == ag.id {
				delete(m.machines.answers, key)
			}
		}
	}
	if len(changed) > 0 {
		m.allocateLocked(changed...)
	}
	m.inverseOffersLocked()
	return done()
}

// maintenanceStatusLocked tells what frameworks said about planned maintenance.
func (m *Master) maintenanceStatusLocked() *maintenancev1.ClusterStatus {
	out := &maintenancev1.ClusterStatus{}
	for _, w := range m.machines.windows {
		for _, id := range w.GetMachineIds() {
			if m.machines.down[keyOf(id)] {
				out.DownMachines = append(out.DownMachines, id)
				continue
			}
			out.DrainingMachines = append(out.DrainingMachines, &maintenancev1.ClusterStatus_DrainingMachine{Id: id, Statuses: m.answersLocked(keyOf(id))})
		}
	}
	return out
}

func (m *Master) answersLocked(machine machineKey) []*allocatorv1.InverseOfferStatus {
	var out []*allocatorv1.InverseOfferStatus
	for key, a := range m.machines.answers {
		if ag := m.agents[key.agent]; ag != nil && ag.machine() == machine {
			out = append(out, a.status)
		}
	}
	slices.SortFunc(out, func(a, b *allocatorv1.InverseOfferStatus) int {
		return strings.Compare(a.GetFrameworkId().GetValue(), b.GetFrameworkId().GetValue())
	})
	return out
}

func (ms *machines) scheduled(id *v1.MachineID) bool {
	return slices.ContainsFunc(ms.windows, func(w *maintenancev1.Window) bool {
		return slices.ContainsFunc(w.GetMachineIds(), func(x *v1.MachineID) bool { return keyOf(x) == keyOf(id) })
	})
}

// machinesDownLocked starts maintenance: the agents there are removed.
func (m *Master) machinesDownLocked(ids []*v1.MachineID) reply {
	if r, ok := m.checkMachinesLocked(ids, false); !ok {
		return r
	}
	m.saveLocked()
	for _, id := range ids {
		m.machines.down[keyOf(id)] = true
		for _, ag := range m.sortedAgentsLocked() {
			if ag.machine() == keyOf(id) {
				m.removeAgentLocked(ag, "the operator started maintenance")
			}
		}
	}
	return done()
}

// machinesUpLocked ends maintenance and takes the machines off the schedule.
func (m *Master) machinesUpLocked(ids []*v1.MachineID) reply {
	if r, ok := m.checkMachinesLocked(ids, true); !ok {
		return r
	}
	m.saveLocked()
	for _, id := range ids {
		delete(m.machines.down, keyOf(id))
		m.machines.remove(keyOf(id))
	}
	return done()
}

// remove takes a machine, and windows that become empty, off the schedule.
func (ms *machines) remove(key machineKey) {
	var windows []*maintenancev1.Window
	for _, w := range ms.windows {
		c := proto.CloneOf(w)
		c.MachineIds = slices.DeleteFunc(c.MachineIds, func(x *v1.MachineID) bool { return keyOf(x) == key })
		if len(c.MachineIds) > 0 {
			windows = append(windows, c)
		}
	}
	ms.windows = windows
}

func (m *Master) checkMachinesLocked(ids []*v1.MachineID, wantDown bool) (reply, bool) {
	if len(ids) == 0 {
		return refused(http.StatusBadRequest, "List of machines is empty"), false
	}
	for _, id := range ids {
		if err := checkMachine(id); err != nil {
			return refused(http.StatusBadRequest, err.Error()), false
		}
		switch down := m.machines.down[keyOf(id)]; {
		case !m.machines.scheduled(id):
			return refused(http.StatusBadRequest, "Machine '"+machineText(id)+"' is not part of a maintenance schedule"), false
		case wantDown && !down:
			return refused(http.StatusBadRequest, "Machine '"+machineText(id)+"' is not in DOWN mode and cannot be brought up"), false
		case !wantDown && down:
			return refused(http.StatusBadRequest, "Machine '"+machineText(id)+"' is not in DRAINING mode and cannot be brought down"), false
		}
	}
	return reply{}, true
}
