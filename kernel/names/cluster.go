package names

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"mesosbook/resources"
	"mesosbook/session"
)

func (s *Set) clusterNames() map[string]any {
	return map[string]any{
		"get":           s.get,
		"master_state":  s.masterState,
		"agent_state":   s.agentState,
		"get_framework": s.getFramework,
		"agents":        s.agents,
		"frameworks":    s.frameworks,
		"call":          s.call,
		"operator":      s.operator,
		"watch":         s.watch,
	}
}

// Page is an answer that shows its content: JSON indented, other text as it is.
type Page struct{ session.Answer }

// String is the content; "Result: STATUS" where there is none and in front of
// that of an error.
func (p Page) String() string {
	if !p.OK() || len(p.Body) == 0 {
		return p.Answer.String()
	}
	if p.JSON() != nil {
		return prettyText(p.Body)
	}
	return strings.TrimRight(p.Text(), "\n")
}

// get fetches a path from the leading master, or a whole URL.
func (s *Set) get(pathOrURL string) Page {
	const op = "get"
	if !strings.HasPrefix(pathOrURL, "/") && !strings.Contains(pathOrURL, "://") {
		pathOrURL = "/" + pathOrURL
	}
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (Page, error) {
		answer, err := live.Get(ctx, pathOrURL)
		return Page{answer}, err
	})
}

// fetched is the JSON of a page that must be there.
func fetched(ctx context.Context, live *session.Session, pathOrURL string) (*resources.Document, error) {
	answer, err := live.Get(ctx, pathOrURL)
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		return nil, err
	}
	if answer.JSON() == nil {
		return nil, fmt.Errorf("%s: what answers at %s sends no JSON; is this a Mesos master?", answer.Op, live.MasterURL())
	}
	return resources.Parse(answer.Body)
}

func (s *Set) masterState() *resources.Document {
	return with(s, "master_state", 0, func(ctx context.Context, live *session.Session) (*resources.Document, error) {
		return fetched(ctx, live, "/state")
	})
}

// agentState takes nothing (AGENT_URL) or the URL or the id of an agent.
func (s *Set) agentState(agent ...string) *resources.Document {
	return with(s, "agent_state", 0, func(ctx context.Context, live *session.Session) (*resources.Document, error) {
		url, err := s.agentBase(ctx, live, agent)
		if err != nil {
			return nil, err
		}
		return fetched(ctx, live, url+"/state")
	})
}

func (s *Set) agentBase(ctx context.Context, live *session.Session, agent []string) (string, error) {
	switch {
	case len(agent) > 1:
		return "", one("agent")
	case len(agent) == 0:
		return s.findAgent(ctx, live)
	case strings.Contains(agent[0], "://"):
		return strings.TrimSuffix(agent[0], "/"), nil
	}
	return live.AgentURL(ctx, session.AgentID(agent[0]))
}

// getFramework takes an index among the active frameworks or an id (nothing:
// this session's framework); nil when there is no such framework.
func (s *Set) getFramework(args ...any) *resources.Document {
	const op = "get_framework"
	if len(args) > 1 {
		fail(op, errors.New("takes an index or an id, not both"))
	}
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (*resources.Document, error) {
		var want any = string(live.FrameworkID())
		if len(args) == 1 {
			want = args[0]
		}
		state, err := fetched(ctx, live, "/state")
		if err != nil {
			return nil, err
		}
		list := state.Get("frameworks").Array()
		if i, ok := number(want); ok {
			if i < 0 || i >= len(list) {
				return nil, nil
			}
			return resources.New(list[i])
		}
		id, ok := text(want)
		if !ok {
			return nil, unknown(want, "an index among the active frameworks, or an id")
		}
		for _, f := range list {
			if f.Get("id").String() == id {
				return resources.New(f)
			}
		}
		return nil, nil
	})
}

// List is a list of JSON objects that shows as a table.
type List struct {
	header []string
	fields []func(gjson.Result) string
	items  []gjson.Result
	empty  string
}

// Len counts the items.
func (l List) Len() int { return len(l.items) }

// At gives an item as a document of its own; it panics with *Error when there is none.
func (l List) At(i int) *resources.Document {
	if i < 0 || i >= len(l.items) {
		fail("List.At", fmt.Errorf("index %d is out of range: the list has %d", i, len(l.items)))
	}
	return must(resources.New(l.items[i]))
}

// Table gives the columns.
func (l List) Table() (header []string, rows [][]string) {
	for _, item := range l.items {
		var row []string
		for _, f := range l.fields {
			row = append(row, f(item))
		}
		rows = append(rows, row)
	}
	return l.header, rows
}

// String is the table.
func (l List) String() string {
	header, rows := l.Table()
	return table(header, rows, l.empty)
}

// JSON is the array of the items as the master gave them.
func (l List) JSON() []byte {
	var parts [][]byte
	for _, item := range l.items {
		parts = append(parts, []byte(item.Raw))
	}
	return jsonArray(parts)
}

func field(path string) func(gjson.Result) string {
	return func(r gjson.Result) string { return r.Get(path).String() }
}

func (s *Set) agents() List {
	list := List{
		header: []string{"AGENT", "HOST", "CPUS", "MEM MB", "DISK MB", "PORTS", "ATTRIBUTES", "ACTIVE"},
		fields: []func(gjson.Result) string{field("id"), field("hostname"), field("resources.cpus"), field("resources.mem"),
			field("resources.disk"), field("resources.ports"), attributes, field("active")},
		empty: "no agents",
	}
	return s.list("agents", "/slaves", "slaves", list)
}

func attributes(r gjson.Result) string {
	var parts []string
	r.Get("attributes").ForEach(func(k, v gjson.Result) bool {
		parts = append(parts, k.String()+":"+v.String())
		return true
	})
	return strings.Join(parts, ";")
}

func (s *Set) frameworks() List {
	list := List{
		header: []string{"FRAMEWORK", "NAME", "USER", "ACTIVE", "TASKS"},
		fields: []func(gjson.Result) string{field("id"), field("name"), field("user"), field("active"), field("tasks.#")},
		empty:  "no frameworks",
	}
	return s.list("frameworks", "/frameworks", "frameworks", list)
}

func (s *Set) list(op, path, key string, list List) List {
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (List, error) {
		doc, err := fetched(ctx, live, path)
		if err == nil {
			list.items = doc.Get(key).Array()
		}
		return list, err
	})
}

// call sends a scheduler call of any type; body is that of its member.
func (s *Set) call(callType string, body ...any) session.Answer {
	const op = "call"
	data, err := s.optionalBody(body)
	if err != nil {
		fail(op, err)
	}
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		return live.Call(ctx, strings.ToUpper(callType), data)
	})
}

// operator sends a call of the operator API to the leading master, or to an
// agent by its URL or id: operator("http://agent:5051", "GET_STATE").
func (s *Set) operator(callType string, args ...any) Page {
	const op = "operator"
	target := ""
	if !isCallType(callType) {
		kind, ok := "", false
		if len(args) > 0 {
			kind, ok = text(args[0])
		}
		if !ok || !isCallType(kind) {
			fail(op, fmt.Errorf("%q is no type of a call; write operator(type, body), or operator(agent, type, body) with an agent's URL or id", callType))
		}
		target, callType, args = callType, kind, args[1:]
	}
	data, err := s.optionalBody(args)
	if err != nil {
		fail(op, err)
	}
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (Page, error) {
		answer, err := live.Operator(ctx, strings.TrimSuffix(target, "/"), strings.ToUpper(callType), data)
		return Page{answer}, err
	})
}

// isCallType tells a type such as GET_STATE, in any case, from a URL or an id.
func isCallType(name string) bool {
	return name != "" && strings.Trim(strings.ToUpper(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

func (s *Set) optionalBody(args []any) ([]byte, error) {
	switch {
	case len(args) == 0, len(args) == 1 && args[0] == nil:
		return nil, nil
	case len(args) == 1:
		doc, err := s.body(args[0])
		if err != nil {
			return nil, err
		}
		return doc.JSON(), nil
	}
	return nil, one("body")
}
