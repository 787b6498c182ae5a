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
	"mesosbook/mesos"
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
				return fmt.Errorf("Machine '%s' appears more than once in the schedule", machineJSON(id))
			}
			seen[keyOf(id)] = true
		}
	}
	for key := range ms.down {
		if !seen[key] {
			return fmt.Errorf("Machine '%s' is deactivated and cannot be removed from the schedule", machineJSON(ms.idOf(key)))
		}
	}
	return nil
}

func checkMachine(id *v1.MachineID) error {
	if id.GetHostname() == "" && id.GetIp() == "" {
		return errors.New("Both 'hostname' and 'ip' for a machine are empty")
	}
	if ip := net.ParseIP(id.GetIp()); id.GetIp() != "" && (ip == nil || ip.To4() == nil || strings.Contains(id.GetIp(), ":")) {
		return fmt.Errorf("Failed to parse IPv4: %s", id.GetIp())
	}
	return nil
}

// checkMachines says what is wrong with a list of machines to bring up or down.
func checkMachines(ids []*v1.MachineID) error {
	if len(ids) == 0 {
		return errors.New("List of machines is empty")
	}
	seen := map[machineKey]bool{}
	for _, id := range ids {
		if err := checkMachine(id); err != nil {
			return err
		}
		if seen[keyOf(id)] {
			return fmt.Errorf("Machine '%s' appears more than once in the schedule", machineJSON(id))
		}
		seen[keyOf(id)] = true
	}
	return nil
}

// machineJSON is how texts name a machine.
func machineJSON(id *v1.MachineID) string {
	data, err := mesos.Marshal(id)
	if err != nil {
		return err.Error() // there is no required field
	}
	return string(data)
}

// machineText names a machine as "host (ip)", with what there is of both.
func machineText(id *v1.MachineID) string {
	if id.Hostname == nil {
		return "(" + id.GetIp() + ")"
	}
	if id.Ip == nil {
		return id.GetHostname()
	}
	return id.GetHostname() + " (" + id.GetIp() + ")"
}

// updateScheduleLocked replaces the schedule. All agents lose their offers, even
// those that it does not concern, and their frameworks are asked anew
// (http.cpp: ___updateMaintenanceSchedule).
func (m *Master) updateScheduleLocked(s *maintenancev1.Schedule) reply {
	if err := m.machines.checkSchedule(s); err != nil {
		return refused(http.StatusBadRequest, err.Error())
	}
	m.machines.windows = proto.CloneOf(s).GetWindows()
	m.saveLocked()
	for _, ag := range m.sortedAgentsLocked() {
		ag.unavailability = m.machines.unavailability(ag)
		m.rescindAllLocked(ag)
		m.removeInverseOfLocked(ag)
	}
	clear(m.machines.answers)
	m.allocateLocked()
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

// idOf is a machine as the schedule names it.
func (ms *machines) idOf(key machineKey) *v1.MachineID {
	for _, w := range ms.windows {
		for _, id := range w.GetMachineIds() {
			if keyOf(id) == key {
				return id
			}
		}
	}
	return nil
}

// machinesDownLocked starts maintenance: the agents there are shut down.
func (m *Master) machinesDownLocked(ids []*v1.MachineID) reply {
	if text := m.refuseMachinesLocked(ids, false); text != "" {
		return refused(http.StatusBadRequest, text)
	}
	const why = "Operator initiated 'Machine DOWN'"
	m.saveLocked()
	for _, id := range ids {
		m.machines.down[keyOf(id)] = true
		for _, ag := range m.sortedAgentsLocked() {
			if ag.machine() == keyOf(id) {
				ag.send(&link.Shutdown{Reason: why})
				m.removeAgentLocked(ag, why)
			}
		}
	}
	return done()
}

// machinesUpLocked ends maintenance and takes the machines off the schedule.
func (m *Master) machinesUpLocked(ids []*v1.MachineID) reply {
	if text := m.refuseMachinesLocked(ids, true); text != "" {
		return refused(http.StatusBadRequest, text)
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

// refuseMachinesLocked says why machines cannot be brought up, or down; "" when
// they can.
func (m *Master) refuseMachinesLocked(ids []*v1.MachineID, up bool) string {
	if err := checkMachines(ids); err != nil {
		return err.Error()
	}
	for _, id := range ids {
		scheduled, down := m.machines.idOf(keyOf(id)) != nil, m.machines.down[keyOf(id)]
		switch {
		case !scheduled && !m.inUseLocked(keyOf(id)):
			return "Machine '" + machineJSON(id) + "' is not part of a maintenance schedule"
		case up && !down:
			return "Machine '" + machineJSON(id) + "' is not in DOWN mode and cannot be brought up"
		case !up && (down || !scheduled):
			return "Machine '" + machineJSON(id) + "' is not in DRAINING mode and cannot be brought down"
		}
	}
	return ""
}

// inUseLocked says whether an agent is registered on a machine.
func (m *Master) inUseLocked(key machineKey) bool {
	for _, ag := range m.agents {
		if ag.machine() == key {
			return true
		}
	}
	return false
}
