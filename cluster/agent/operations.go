package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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
// directories of volumes.
func (a *Agent) applyOperation(m *link.ApplyOperation) {
	a.mu.Lock()
	before := a.total // changed by this goroutine alone
	a.mu.Unlock()
	after, err := before.Apply(m.Operation)
	if err == nil {
		err = a.applyVolumes(m.Operation)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	status := &v1.OperationStatus{OperationId: m.Operation.Id, State: v1.OperationState_OPERATION_FINISHED.Enum(),
		AgentId: &v1.AgentID{Value: proto.String(a.id)}}
	if err != nil {
		status.State = v1.OperationState_OPERATION_ERROR.Enum()
		status.Message = proto.String(err.Error())
		a.warnf("Operation %s failed: %v", m.Operation.GetType(), err)
	} else {
		a.total = after
	}
	id := uuid.New()
	status.Uuid = &v1.UUID{Value: id[:]}
	op := &operation{framework: m.FrameworkID, info: m.Operation, uuid: m.UUID, status: status, interval: a.opts.RetryMin}
	a.operations.pending = append(a.operations.pending, op)
	a.sendOperationLocked(op)
	op.timer = time.AfterFunc(op.interval, func() { a.resendOperation(op) })
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

// resendLocked sends everything pending, after a registration.
func (o *operations) resendLocked(a *Agent) {
	for _, op := range o.pending {
		a.sendOperationLocked(op)
	}
}

func (a *Agent) acknowledgeOperation(m *link.AcknowledgeOperation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := a.operations.pending[:0:0]
	for _, op := range a.operations.pending {
		if bytes.Equal(op.uuid, m.OperationUUID) && bytes.Equal(op.status.GetUuid().GetValue(), m.UUID) {
			op.timer.Stop()
			continue
		}
		kept = append(kept, op)
	}
	a.operations.pending = kept
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

func linkVolume(root *os.Root, dir, at string) error {
	if err := root.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if now, err := root.Readlink(at); err == nil && now == dir {
		return nil
	}
	return root.Symlink(dir, at)
}
