package pages

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"mesosbook/cluster/resources"
	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
)

func written(write func(e *mesos.Encoder)) string {
	e := mesos.NewEncoder(nil)
	write(e)
	return string(e.Bytes())
}

// read makes a message of JSON.
func read[M proto.Message](t *testing.T, m M, text string) M {
	t.Helper()
	if err := mesos.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func parsed(t *testing.T, spec string) resources.Resources {
	t.Helper()
	list, err := resources.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return resources.New(list)
}

func TestSums(t *testing.T) {
	const none = `"disk":0.0,"mem":0.0,"gpus":0.0,"cpus":0.0`
	revocable := resources.New([]*v1.Resource{read(t, &v1.Resource{}, `{"name":"cpus","type":"SCALAR","scalar":{"value":1.5},"revocable":{}}`)})
	tests := []struct {
		name string
		list []resources.Resources
		want string
	}{
		{"nothing", nil, `{` + none + `}`},
		{"scalars of two lists", []resources.Resources{parsed(t, "cpus:1;mem:32"), parsed(t, "cpus:0.1;bandwidth:7")}, `{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":1.1,"bandwidth":7.0}`},
		{"ranges and sets", []resources.Resources{parsed(t, "ports:[1-2,9-9];zones:{b,a}")}, `{` + none + `,"ports":"[1-2, 9-9]","zones":"{b, a}"}`},
		{"reserved ports are added", []resources.Resources{parsed(t, "ports:[1-2]"), parsed(t, "ports(web):[3-4]")}, `{` + none + `,"ports":"[1-4]"}`},
		{"revocable", []resources.Resources{revocable}, `{` + none + `,"cpus_revocable":1.5}`},
	}
	for _, tt := range tests {
		if got := written(func(e *mesos.Encoder) { Sums(e, tt.list...) }); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestByRole(t *testing.T) {
	r := parsed(t, "cpus:1;cpus(web):2;mem(db):3")
	want := `{"db":{"disk":0.0,"mem":3.0,"gpus":0.0,"cpus":0.0},"web":{"disk":0.0,"mem":0.0,"gpus":0.0,"cpus":2.0}}`
	if got := written(func(e *mesos.Encoder) { ByRole(e, r, SumsOf) }); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := written(func(e *mesos.Encoder) { Full(e, Unreserved(r)) }); got != `[{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"role":"*"}]` {
		t.Errorf("unreserved: %s", got)
	}
}

func TestAttributes(t *testing.T) {
	list, err := resources.ParseAttributes("rack:r2d2;level:3;ports:[1-2,5-6]")
	if err != nil {
		t.Fatal(err)
	}
	list = append(list, &v1.Attribute{Name: new("zones"), Type: v1.Value_SET.Enum(), Set: &v1.Value_Set{Item: []string{"a", "b"}}}) // no flag gives one
	want := `{"rack":"r2d2","level":3.0,"ports":"[1-2, 5-6]","zones":"{a, b}"}`
	if got := written(func(e *mesos.Encoder) { Attributes(e, list) }); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTask(t *testing.T) {
	const start = `{"id":"t","name":"n","framework_id":"f","executor_id":"","slave_id":"s","state":"TASK_RUNNING","resources":{"disk":0.0,"mem":0.0,"gpus":0.0,"cpus":1.0}`
	const must = `"task_id":{"value":"t"},"name":"n","framework_id":{"value":"f"},"agent_id":{"value":"s"},"state":"TASK_RUNNING","resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"allocation_info":{"role":"web"}}]`
	tests := []struct{ name, task, want string }{
		{"the least", ``, `,"role":"web","statuses":[]}`},
		{"limits", `,"limits":{"mem":{"value":64},"cpus":{"value":"Infinity"}}`, `,"limits":{"cpus":"Infinity","mem":64.0},"role":"web","statuses":[]}`},
		{"user and labels", `,"user":"root","labels":{"labels":[{"key":"k"},{"key":"l","value":"v"}]}`, `,"role":"web","statuses":[],"user":"root","labels":[{"key":"k"},{"key":"l","value":"v"}]}`},
		{"a status has no message, reason and uuid",
			`,"statuses":[{"task_id":{"value":"t"},"state":"TASK_RUNNING","message":"m","reason":"REASON_RECONCILIATION","uuid":"AAAA","timestamp":1.5,"healthy":false,"labels":{"labels":[]}}]`,
			`,"role":"web","statuses":[{"state":"TASK_RUNNING","timestamp":1.5,"labels":[],"healthy":false}]}`},
		{"no networks, no key", `,"statuses":[{"task_id":{"value":"t"},"state":"TASK_RUNNING","timestamp":1,"container_status":{"container_id":{"value":"c"}}}]`,
			`,"role":"web","statuses":[{"state":"TASK_RUNNING","timestamp":1.0,"container_status":{"container_id":{"value":"c"}}}]}`},
		{"networks", `,"statuses":[{"task_id":{"value":"t"},"state":"TASK_RUNNING","timestamp":1,"container_status":{"network_infos":[{"name":"n","groups":["g"],"labels":{"labels":[{"key":"k"}]},"ip_addresses":[{"ip_address":"1.2.3.4"}],"port_mappings":[{"host_port":1,"container_port":2}]}]}}]`,
			`,"role":"web","statuses":[{"state":"TASK_RUNNING","timestamp":1.0,"container_status":{"network_infos":[{"groups":["g"],"labels":[{"key":"k"}],"ip_addresses":[{"protocol":"IPv4","ip_address":"1.2.3.4"}],"name":"n","port_mappings":[{"host_port":1,"container_port":2}]}]}}]}`},
		{"discovery", `,"discovery":{"visibility":"CLUSTER","name":"d"}`, `,"role":"web","statuses":[],"discovery":{"visibility":"CLUSTER","name":"d"}}`},
	}
	for _, tt := range tests {
		task := read(t, &v1.Task{}, `{`+must+tt.task+`}`)
		if got := written(func(e *mesos.Encoder) { Task(e, task, resources.New(task.Resources)) }); got != start+tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, start+tt.want)
		}
	}
}

func TestCommand(t *testing.T) {
	tests := []struct{ command, want string }{
		{`{}`, `{"argv":[],"uris":[]}`},
		{`{"shell":false,"value":"/bin/echo","arguments":["echo","a"]}`, `{"shell":false,"value":"/bin/echo","argv":["echo","a"],"uris":[]}`},
		{`{"value":"x","uris":[{"value":"http://u","extract":false}],"environment":{"variables":[{"name":"A","value":"1"}]}}`,
			`{"value":"x","argv":[],"environment":{"variables":[{"name":"A","type":"VALUE","value":"1"}]},"uris":[{"value":"http://u","executable":false}]}`},
	}
	for _, tt := range tests {
		c := read(t, &v1.CommandInfo{}, tt.command)
		if got := written(func(e *mesos.Encoder) { Command(e, c) }); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.command, got, tt.want)
		}
	}
	if got := written(func(e *mesos.Encoder) { Command(e, nil) }); got != `{"argv":[],"uris":[]}` {
		t.Errorf("no command: %s", got)
	}
}

func TestWriteDomain(t *testing.T) {
	d := read(t, &v1.DomainInfo{}, `{"fault_domain":{"region":{"name":"r"},"zone":{"name":"z"}}}`)
	for _, tt := range []struct {
		domain *v1.DomainInfo
		want   string
	}{{nil, `{}`}, {&v1.DomainInfo{}, `{"domain":{}}`}, {d, `{"domain":{"fault_domain":{"region":{"name":"r"},"zone":{"name":"z"}}}}`}} {
		got := written(func(e *mesos.Encoder) { e.BeginObject(); WriteDomain(e, tt.domain); e.EndObject() })
		if got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestLimitsHaveZeros(t *testing.T) {
	q := resources.Quantities{"cpus": 1500, "gpus": 0}
	if got := written(func(e *mesos.Encoder) { Limits(e, q) }); got != `{"cpus":1.5,"gpus":0.0}` {
		t.Errorf("limits: %s", got)
	}
	if got := written(func(e *mesos.Encoder) { Quantities(e, q) }); got != `{"cpus":1.5}` {
		t.Errorf("quantities: %s", got)
	}
}
