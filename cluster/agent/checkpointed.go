package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/resources"
	"mesosbook/internal/atomicfile"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

// resourceState is what outlives the agent of its resources and its operations,
// as a file (Mesos has the same as a protobuf: ResourceState). It belongs to the
// work directory, not to an agent's id: a new agent there keeps the volumes.
type resourceState struct {
	Resources  []json.RawMessage `json:"resources"`
	Operations []operationState  `json:"operations"`
}

// operationState is an operation whose result was not acknowledged.
type operationState struct {
	Framework string          `json:"framework_id"`
	UUID      []byte          `json:"uuid"`
	Info      json.RawMessage `json:"info"`
	Status    json.RawMessage `json:"latest_status"`
}

func (a *Agent) resourcesPath() string {
	return filepath.Join(a.opts.WorkDir, "meta", "resources", "resources_and_operations.state")
}

// ofOperations says whether a resource is as operations made it: reserved, or a
// volume. The rest comes from the agent's options.
func ofOperations(it resources.Item) bool { return it.Dynamic() || it.PersistentVolume() }

// saveResources writes the state that holds from now on.
func (a *Agent) saveResources(total resources.Resources, pending []*operation) error {
	if a.opts.Temporary {
		return nil
	}
	s := resourceState{Resources: []json.RawMessage{}, Operations: []operationState{}}
	for _, r := range total.Filter(ofOperations).Proto(resources.Refined) {
		s.Resources = append(s.Resources, rawMessage(r))
	}
	for _, op := range pending {
		s.Operations = append(s.Operations, operationState{op.framework, op.uuid, rawMessage(op.info), rawMessage(op.status)})
	}
	data, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(a.resourcesPath()), 0o755); err != nil {
		return err
	}
	return atomicfile.Replace(a.resourcesPath(), append(data, '\n'))
}

// recoverResources lays the reservations and volumes of before over the agent's
// resources, and takes up operations.
func (a *Agent) recoverResources() error {
	data, err := os.ReadFile(a.resourcesPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s resourceState
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("read %s: %w", a.resourcesPath(), err)
	}
	total, err := a.applyCheckpointed(s.Resources)
	if err != nil {
		return fmt.Errorf("%w; start the agent as it was, or remove %s to give its reservations and volumes up", err, a.resourcesPath())
	}
	var pending []*operation
	for _, o := range s.Operations {
		op := &operation{framework: o.Framework, uuid: o.UUID, info: &v1.Offer_Operation{}, status: &v1.OperationStatus{}, interval: a.opts.RetryMin}
		if err := errors.Join(mesos.Unmarshal(o.Info, op.info), mesos.Unmarshal(o.Status, op.status)); err != nil {
			return fmt.Errorf("read %s: %w", a.resourcesPath(), err)
		}
		pending = append(pending, op)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total, a.operations.pending = total, pending
	for _, op := range pending {
		a.armLocked(op)
	}
	return nil
}

// applyCheckpointed follows common/resources_utils.cpp: the plain form of each
// resource must be among those of the options.
func (a *Agent) applyCheckpointed(list []json.RawMessage) (resources.Resources, error) {
	base := resources.New(a.opts.Info.Resources)
	total := base
	for _, raw := range list {
		var r v1.Resource
		if err := mesos.Unmarshal(raw, &r); err != nil {
			return nil, fmt.Errorf("read %s: %w", a.resourcesPath(), err)
		}
		plain := resources.New([]*v1.Resource{plainForm(&r)})
		if !total.Contains(plain) {
			return nil, mesosErrorf("Checkpointed resources '%s' are incompatible with agent resources '%s': Incompatible agent resources: %s does not contain %s",
				resources.Text(&r), base, total, plain)
		}
		total = total.Sub(plain).Add(resources.New([]*v1.Resource{&r}))
	}
	return total, nil
}

// plainForm is a resource as the agent's options had it: without dynamic
// reservations and without a volume.
func plainForm(r *v1.Resource) *v1.Resource {
	plain := proto.CloneOf(r)
	var static []*v1.Resource_ReservationInfo
	for _, res := range plain.Reservations {
		if res.GetType() == v1.Resource_ReservationInfo_STATIC {
			static = append(static, res)
		}
	}
	plain.Reservations, plain.Shared = static, nil
	if plain.Disk != nil {
		plain.Disk.Persistence, plain.Disk.Volume = nil, nil
		if plain.Disk.Source == nil {
			plain.Disk = nil
		}
	}
	return plain
}
