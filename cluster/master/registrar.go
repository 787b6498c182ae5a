package master

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"mesosbook/cluster/libprocess"
	"mesosbook/cluster/registry"
	v1 "mesosbook/mesos/v1"
	maintenancev1 "mesosbook/mesos/v1/maintenance"
	quotav1 "mesosbook/mesos/v1/quota"
	registryv1 "mesosbook/mesos/v1/registry"

	"google.golang.org/protobuf/proto"
)

// storeRetry is the pause after a write that failed, for a full disk to be mended.
const storeRetry = time.Second

// Writing takes a fifth of the time at most while nobody waits for it: when a
// thousand agents register there would be as many writes, each longer than the last.
const (
	storeRest    = 4 // times as long as the write took
	maxStoreRest = time.Second
)

// registrar writes the registry behind the master: state changes at once, the file
// follows as fast as the disk allows, several changes with one write. An operator's
// call is answered when its change is stored. All but wake and writer is guarded by
// Master.mu.
type registrar struct {
	writer *registry.Writer // nil: nothing is kept
	wake   chan struct{}
	hurry  chan struct{} // somebody waits for the next write

	changed, stored uint64        // counts of changes, of those on disk
	progress        chan struct{} // closed when stored grows or given is set
	given           bool          // up: another master writes
	stores          libprocess.Timing
	fetched         time.Duration
	size            int
}

func (r *registrar) init() {
	r.wake, r.hurry, r.progress = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
}

// saveLocked notes that the registry is to be written.
func (m *Master) saveLocked() {
	if m.registrar.writer == nil {
		return
	}
	m.registrar.changed++
	select {
	case m.registrar.wake <- struct{}{}:
	default:
	}
}

// keepRegistry writes the registry whenever it has changed, and a last time at the
// end. It ends with m.ctx and blocks on the disk alone.
func (m *Master) keepRegistry() {
	for {
		select {
		case <-m.registrar.wake:
		case <-m.ctx.Done():
			m.storeRegistry()
			return
		}
		began := time.Now()
		for !m.storeRegistry() {
			m.rest(storeRetry)
			if m.ctx.Err() != nil {
				return
			}
			began = time.Now()
		}
		m.rest(min(storeRest*time.Since(began), maxStoreRest))
	}
}

// rest waits for so long, or until somebody needs the next write.
func (m *Master) rest(d time.Duration) {
	select {
	case <-time.After(d):
	case <-m.registrar.hurry:
	case <-m.ctx.Done():
	}
}

// storeRegistry writes what is not stored yet. It says whether there is nothing
// left to do.
func (m *Master) storeRegistry() bool {
	m.mu.Lock()
	changed := m.registrar.changed
	if changed == m.registrar.stored || m.registrar.given {
		m.mu.Unlock()
		return true
	}
	r := m.registryLocked()
	m.mu.Unlock()

	began := time.Now()
	size, err := m.registrar.writer.Store(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case errors.Is(err, registry.ErrSuperseded):
		m.registrar.given = true
	case err != nil:
		m.log.Print('E', "Failed to update the registry: %s", err)
		return false
	default:
		m.registrar.size = size
		m.registrar.stores.Note(time.Since(began))
		m.registrar.stored = changed
	}
	close(m.registrar.progress)
	m.registrar.progress = make(chan struct{})
	return true
}

// values are the registrar's metrics, times in milliseconds.
func (r *registrar) values(out map[string]float64) {
	out["registrar/queued_operations"] = float64(r.changed - r.stored)
	out["registrar/registry_size_bytes"] = float64(r.size)
	out["registrar/state_fetch_ms"] = float64(r.fetched.Nanoseconds()) / 1e6
	r.stores.Values("registrar/state_store_ms", out)
}

// stored runs a change that an operator has asked for, and waits until what it did
// to the registry is on disk, ctx ends or another master leads.
func (m *Master) stored(ctx context.Context, change func() reply) reply {
	var before, after uint64
	m.locked(func() { before = m.registrar.changed })
	r := change()
	m.locked(func() { after = m.registrar.changed })
	for after != before {
		m.mu.Lock()
		done, progress := m.registrar.stored >= after || m.registrar.given, m.registrar.progress
		m.mu.Unlock()
		if done {
			break
		}
		select {
		case m.registrar.hurry <- struct{}{}:
		default:
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return r
		case <-m.ctx.Done():
			return r
		}
	}
	return r
}

// registryLocked is what has to be kept, made of messages that are not changed.
func (m *Master) registryLocked() *registryv1.Registry {
	return &registryv1.Registry{
		Master:              &registryv1.Registry_Master{Info: m.info},
		Slaves:              &registryv1.Registry_Slaves{Slaves: m.admittedLocked()},
		Unreachable:         &registryv1.Registry_UnreachableSlaves{Slaves: m.unreachableEntriesLocked()},
		Gone:                &registryv1.Registry_GoneSlaves{Slaves: m.goneEntriesLocked()},
		Machines:            &registryv1.Registry_Machines{Machines: m.machines.entries()},
		Schedules:           m.machines.schedules(),
		QuotaConfigs:        m.setQuotasLocked(),
		Weights:             m.weightEntriesLocked(),
		MinimumCapabilities: m.minimumCapabilitiesLocked(),
	}
}

func (m *Master) admittedLocked() []*registryv1.Registry_Slave {
	var out []*registryv1.Registry_Slave
	add := func(info *v1.AgentInfo, s standing) {
		out = append(out, &registryv1.Registry_Slave{Info: info, DrainInfo: s.drain, Deactivated: proto.Bool(s.deactivated)})
	}
	for _, ag := range m.sortedAgentsLocked() {
		add(ag.info, ag.standing)
	}
	for _, r := range m.sortedRecoveredLocked() {
		add(r.info, r.standing)
	}
	return out
}

func (m *Master) unreachableEntriesLocked() []*registryv1.Registry_UnreachableSlave {
	var out []*registryv1.Registry_UnreachableSlave
	for id, lost := range m.unreachable {
		out = append(out, &registryv1.Registry_UnreachableSlave{Id: agentID(id), Timestamp: lost.since, DrainInfo: lost.drain, Deactivated: proto.Bool(lost.deactivated)})
	}
	slices.SortFunc(out, func(a, b *registryv1.Registry_UnreachableSlave) int {
		return cmp.Or(cmp.Compare(a.GetTimestamp().GetNanoseconds(), b.GetTimestamp().GetNanoseconds()), cmp.Compare(a.GetId().GetValue(), b.GetId().GetValue()))
	})
	return out
}

func (m *Master) goneEntriesLocked() []*registryv1.Registry_GoneSlave {
	var out []*registryv1.Registry_GoneSlave
	for id, at := range m.gone {
		out = append(out, &registryv1.Registry_GoneSlave{Id: agentID(id), Timestamp: at})
	}
	slices.SortFunc(out, func(a, b *registryv1.Registry_GoneSlave) int {
		return cmp.Or(cmp.Compare(a.GetTimestamp().GetNanoseconds(), b.GetTimestamp().GetNanoseconds()), cmp.Compare(a.GetId().GetValue(), b.GetId().GetValue()))
	})
	return out
}

// entries are the machines of the schedule, with their mode.
func (ms *machines) entries() []*registryv1.Registry_Machine {
	var out []*registryv1.Registry_Machine
	for _, w := range ms.windows {
		for _, id := range w.GetMachineIds() {
			mode := v1.MachineInfo_DRAINING
			if ms.down[keyOf(id)] {
				mode = v1.MachineInfo_DOWN
			}
			out = append(out, &registryv1.Registry_Machine{Info: &v1.MachineInfo{Id: id, Mode: mode.Enum(), Unavailability: w.GetUnavailability()}})
		}
	}
	return out
}

func (ms *machines) schedules() []*maintenancev1.Schedule {
	if len(ms.windows) == 0 {
		return nil
	}
	return []*maintenancev1.Schedule{ms.schedule()}
}

func (m *Master) weightEntriesLocked() []*registryv1.Registry_Weight {
	var out []*registryv1.Registry_Weight
	for _, w := range m.weightInfosLocked() {
		out = append(out, &registryv1.Registry_Weight{Info: w})
	}
	return out
}

// minimumCapabilitiesLocked are those that a master has to have to read what is
// stored (registry_operations.cpp: agent draining, quota).
func (m *Master) minimumCapabilitiesLocked() []*registryv1.Registry_MinimumCapability {
	need := map[string]bool{}
	if len(m.setQuotasLocked()) > 0 {
		need[v1.MasterInfo_Capability_QUOTA_V2.String()] = true
	}
	draining := v1.MasterInfo_Capability_AGENT_DRAINING.String()
	for _, s := range m.admittedLocked() {
		if s.DrainInfo != nil || s.GetDeactivated() {
			need[draining] = true
		}
	}
	for _, lost := range m.unreachable {
		if lost.drain != nil || lost.deactivated {
			need[draining] = true
		}
	}
	var out []*registryv1.Registry_MinimumCapability
	for _, name := range slices.Sorted(maps.Keys(need)) {
		out = append(out, &registryv1.Registry_MinimumCapability{Capability: proto.String(name)})
	}
	return out
}

// setQuotasLocked leaves out quotas that were taken back.
func (m *Master) setQuotasLocked() []*quotav1.QuotaConfig {
	return slices.DeleteFunc(m.quotaMessageLocked().Configs, func(c *quotav1.QuotaConfig) bool {
		return len(c.GetGuarantees()) == 0 && len(c.GetLimits()) == 0
	})
}

// quotaOf reads a stored quota.
func quotaOf(c *quotav1.QuotaConfig) quotaConfig {
	return quotaConfig{guarantees: quantitiesOf(c.GetGuarantees()), limits: quantitiesOf(c.GetLimits())}
}
