package mesos

import (
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos/v1/agent"
	"mesosbook/mesos/v1/executor"
	"mesosbook/mesos/v1/master"
	"mesosbook/mesos/v1/scheduler"
)

// Types that share parts are met for the first time by many goroutines at once.
func TestTablesAreBuiltByManyAtOnce(t *testing.T) {
	tables.Clear()
	types := []proto.Message{&master.Response{}, &agent.Response{}, &scheduler.Event{}, &scheduler.Call{}, &executor.Event{}, &executor.Call{}}
	var wg sync.WaitGroup
	for i := range 4 * len(types) {
		wg.Go(func() {
			m := types[i%len(types)].ProtoReflect().New().Interface()
			if err := Unmarshal([]byte(`{"type":"SUBSCRIBE","executor_id":{"value":"e"},"framework_id":{"value":"f"}}`), m); err != nil {
				t.Errorf("%T: %v", m, err)
			}
			if _, err := Marshal(m); err != nil {
				t.Errorf("%T: %v", m, err)
			}
		})
	}
	wg.Wait()
}

// Every field of every message is found in its Go struct.
func TestTablesHoldEveryField(t *testing.T) {
	for _, m := range []proto.Message{&master.Response{}, &master.Call{}, &master.Event{}, &agent.Response{}, &agent.Call{}, &agent.ProcessIO{},
		&scheduler.Event{}, &scheduler.Call{}, &scheduler.Response{}, &executor.Event{}, &executor.Call{}} {
		if _, err := tableOf(m.ProtoReflect()); err != nil {
			t.Error(err)
		}
	}
	n := 0
	tables.Range(func(_, v any) bool {
		tab := v.(*table)
		n++
		for _, f := range tab.fields {
			if tab.byName[f.name] != f || string(f.key) != `"`+f.name+`":` || (f.elem.kind.String() == "message") != (f.elem.message != nil) {
				t.Errorf("field %s is wrong: %+v", f.desc.FullName(), f)
			}
		}
		return true
	})
	if n < 250 {
		t.Errorf("%d tables, want those of all messages", n)
	}
}
