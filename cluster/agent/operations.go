package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/link"
	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// operations are the offer operations that this agent has applied and whose
// result was not acknowledged: by the framework, or by the master where it did
// not name them. Agent.mu guards them.
type operations struct {
	pending []*operation
}

// operation is one applied operation; its status is sent again until it is
// acknowledged.
type operation struct {
	framework string
	info      *v1.Offer_Operation
	uuid      []byte
	status    *v1.OperationStatus
	timer     *time.Timer
	interval  time.Duration
}

// applyOperation changes the agent's resources, and makes or removes the
// directories of volumes. What holds then is on disk before anybody hears of it.
func (a *Agent) applyOperation(m *link.ApplyOperation) {
	a.mu.Lock()
	before, pending := a.total, a.operations.pending // changed by this goroutine alone
	id := a.id
	a.mu.Unlock()
	op := newOperation(m, id)
	op.interval = a.opts.RetryMin
	after, err := before.Apply(m.Operation)
	if err == nil {
		err = a.applyVolumes(m.Operation)
	}
	if err != nil {
		op.fail(err)
		after = before
		a.warnf("Operation %s failed: %v", m.Operation.GetType(), err)
	}
	pending = append(slices.Clone(pending), op)
	if err := a.saveResources(after, pending); err != nil {
		a.warnf("Failed to checkpoint resources: %v", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total, a.operations.pending = after, pending
	a.sendOperationLocked(op)
	a.armLocked(op)
}

func newOperation(m *link.ApplyOperation, agentID string) *operation {
	id := uuid.New()
	return &operation{framework: m.FrameworkID, info: m.Operation, uuid: m.UUID, status: &v1.OperationStatus{
		OperationId: m.Operation.Id, State: v1.OperationState_OPERATION_FINISHED.Enum(),
		AgentId: &v1.AgentID{Value: proto.String(agentID)}, Uuid: &v1.UUID{Value: id[:]}}}
}

func (op *operation) fail(err error) {
	op.status.State = v1.OperationState_OPERATION_ERROR.Enum()
	op.status.Message = proto.String(err.Error())
}

// armLocked starts the timer that sends the status again.
func (a *Agent) armLocked(op *operation) {
	op.timer = time.AfterFunc(op.interval, func() { a.resendOperation(op) })
}

// stop ends the timers.
func (o *operations) stop() {
	for _, op := range o.pending {
		op.timer.Stop()
	}
}

func (a *Agent) sendOperationLocked(op *operation) {
	a.sendLocked(&link.OperationUpdate{FrameworkID: op.framework, OperationUUID: op.uuid, Status: op.status, Latest: op.status})
}

func (a *Agent) resendOperation(op *operation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.operations.pending {
		if p == op && !a.closed {
			a.sendOperationLocked(op)
			op.interval = min(2*op.interval, a.opts.RetryMax)
			op.timer.Reset(op.interval)
		}
	}
}

// resendLocked sends everything pending, after a registration, and begins the
// intervals anew.
func (o *operations) resendLocked(a *Agent) {
	for _, op := range o.pending {
		op.interval = a.opts.RetryMin
		op.timer.Reset(op.interval)
		a.sendOperationLocked(op)
	}
}

func (a *Agent) acknowledgeOperation(m *link.AcknowledgeOperation) {
	a.mu.Lock()
	var kept, done []*operation
	for _, op := range a.operations.pending {
		if bytes.Equal(op.uuid, m.OperationUUID) && bytes.Equal(op.status.GetUuid().GetValue(), m.UUID) {
			op.timer.Stop()
			done = append(done, op)
			continue
		}
		kept = append(kept, op)
	}
	a.operations.pending = kept
	total := a.total // changed by this goroutine alone
	a.drainedLocked()
	a.mu.Unlock()
	if len(done) > 0 {
		if err := a.saveResources(total, kept); err != nil {
			a.warnf("Failed to checkpoint resources: %v", err)
		}
	}
}

// volumeDir is where a persistent volume lives (slave/paths.hpp).
func (a *Agent) volumeDir(r *v1.Resource) string {
	role := r.GetRole()
	if n := len(r.GetReservations()); n > 0 {
		role = r.Reservations[n-1].GetRole()
	}
	return filepath.Join(a.opts.WorkDir, "volumes", "roles", flat(role), flat(r.GetDisk().GetPersistence().GetId()))
}

// flat is a role or an id as one name of a directory. Mesos writes '/' in roles as
// a space (slave/paths.cpp).
func flat(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c == '/' {
			b[i] = ' '
		}
	}
	return string(b)
}

// applyVolumes makes the directories of created volumes and removes those of
// destroyed ones.
func (a *Agent) applyVolumes(op *v1.Offer_Operation) error {
	for _, v := range op.GetCreate().GetVolumes() {
		if err := os.MkdirAll(a.volumeDir(v), 0o755); err != nil {
			return mesosErrorf("Failed to create persistent volume: %w", err)
		}
	}
	for _, v := range op.GetDestroy().GetVolumes() {
		if err := os.RemoveAll(a.volumeDir(v)); err != nil {
			return mesosErrorf("Failed to remove persistent volume: %w", err)
		}
	}
	return nil
}

// linkVolumes gives a container its persistent volumes, as links in the sandbox
// (slave/containerizer/mesos/isolators/filesystem/posix.cpp).
func (a *Agent) linkVolumes(sandbox string, list []*v1.Resource) error {
	for _, r := range resources.New(list).Filter(resources.Item.PersistentVolume).Proto(resources.Refined) {
		at := r.GetDisk().GetVolume().GetContainerPath()
		if !filepath.IsLocal(at) {
			return fmt.Errorf("the container path '%s' of a volume is not within the sandbox", at)
		}
		root, err := os.OpenRoot(sandbox)
		if err != nil {
			return err
		}
		err = linkVolume(root, a.volumeDir(r), at)
		root.Close()
		if err != nil {
			return fmt.Errorf("link volume '%s': %w", at, err)
		}
	}
	return nil
}

// linkTasks links the volumes of tasks in the sandbox of their executor
// (isolators/filesystem/posix.cpp: update).
func (a *Agent) linkTasks(ex *executor, tasks ...*v1.TaskInfo) {
	for _, t := range tasks {
		if err := a.linkVolumes(ex.dir, t.Resources); err != nil {
			a.warnf("Failed to update resources for container %s: %v", ex.container, err)
		}
	}
}

func linkVolume(root *os.Root, dir, at string) error {
	if err := root.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if now, err := root.Readlink(at); err == nil && now == dir {
		return nil
	}
	return root.Symlink(dir, at)
}
