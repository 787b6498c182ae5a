package session

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// ownBook holds what this session has started, in earlier runs of a resumed one
// as well. Session.mu guards it.
type ownBook struct {
	frameworks []FrameworkID      // registered by a SUBSCRIBE without an id
	things     map[[2]string]bool // noun and id of what calls have made: volumes, containers, reservations
}

func (b *ownBook) addFramework(id FrameworkID) {
	if id != "" && !slices.Contains(b.frameworks, id) {
		b.frameworks = append(b.frameworks, id)
	}
}

// made files what a call that was taken has made.
func (b *ownBook) made(body gjson.Result) {
	switch kind := body.Get("type").Str; kind {
	case "ACCEPT":
		body.Get("accept.operations").ForEach(func(_, op gjson.Result) bool {
			switch kind := op.Get("type").Str; kind {
			case "RESERVE", "CREATE", "CREATE_DISK":
				b.add(named(op.Get(strings.ToLower(kind))))
			}
			return true
		})
	case "RESERVE_RESOURCES", "CREATE_VOLUMES", "LAUNCH_CONTAINER", "LAUNCH_NESTED_CONTAINER", "LAUNCH_NESTED_CONTAINER_SESSION":
		b.add(named(body.Get(strings.ToLower(kind))))
	}
}

func (b *ownBook) add(things []victim) {
	if b.things == nil {
		b.things = map[[2]string]bool{}
	}
	for _, t := range things {
		b.things[[2]string{t.noun, t.id}] = true
	}
}

// foreign gives those that this session has not started. A task is its own when
// it has launched it, or when the framework is its own.
func (s *Session) foreign(all []victim) []victim {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []victim
	for _, v := range all {
		framework := v.framework
		if v.noun == "framework" {
			framework = FrameworkID(v.id)
		}
		task := s.tasks.get(TaskID(v.id))
		switch {
		case slices.Contains(s.own.frameworks, framework):
		case v.noun == "task" && framework == s.framework && task != nil && task.info != "":
		case s.own.things[[2]string{v.noun, v.id}], v.noun == "container" && s.ownContainerLocked(v.id):
		default:
			rest = append(rest, v)
		}
	}
	return rest
}

// ownContainerLocked tells whether a container is that of a task which this session
// has launched.
func (s *Session) ownContainerLocked(id string) bool {
	return slices.ContainsFunc(s.tasks.order, func(t *Task) bool {
		return t.info != "" && slices.ContainsFunc(t.updates, func(e Event) bool {
			c := e.Get("update.status.container_status.container_id")
			return id != "" && (c.Get("value").String() == id || c.Get("parent.value").String() == id)
		})
	})
}
