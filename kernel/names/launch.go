package names

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"mesosbook/resources"
	"mesosbook/session"
)

const launchForms = "a filled-in document, the name of one (\"launch.json\") or a command (\"sleep 10\"), then an Offer to use and resources as a document"

// launchArgs is what a launch was asked for.
type launchArgs struct {
	body      *resources.Document // an ACCEPT body of its own, perhaps with gaps
	offer     *session.Offer      // nil: any that fits
	resources *resources.Document // for tasks that name none; nil: task_resources.json
}

// launch posts an ACCEPT with the gaps filled in and gives its (first) task.
func (s *Set) launch(args ...any) *Task {
	const op = "launch"
	want, err := s.launchArgs(args)
	if err != nil {
		fail(op, err)
	}
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (*Task, error) {
		if err := s.fillIn(ctx, live, want); err != nil {
			return nil, err
		}
		if live.Status().DryRun {
			return nil, s.notSent(ctx, live, want.body)
		}
		tasks, err := live.Launch(ctx, want.body.JSON())
		if err != nil {
			return nil, err
		}
		if len(tasks) == 0 {
			return nil, errors.New("the body has no LAUNCH or LAUNCH_GROUP operation with a task; post and accept send others")
		}
		return s.handle(tasks[0]), nil
	})
}

// notSent prints what a dry run keeps back, on a line that can be pasted into
// a shell; the error says that there is no task to give.
func (s *Set) notSent(ctx context.Context, live *session.Session, body *resources.Document) error {
	answer, err := live.Post(ctx, body.JSON())
	if err != nil {
		return err
	}
	fmt.Fprintln(s.o.Out, answer)
	return errors.New("dry run, so there is no task")
}

func (s *Set) launchArgs(args []any) (launchArgs, error) {
	var want launchArgs
	if len(args) == 0 {
		return want, errors.New("nothing to launch; it takes " + launchForms)
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case session.Offer:
			want.offer = &v
			continue
		case *session.Offer:
			want.offer = v
			continue
		}
		if i == 0 {
			body, err := s.launchBody(arg)
			if err != nil {
				return want, err
			}
			want.body = body
			continue
		}
		doc, err := s.body(arg)
		if err != nil {
			return want, err
		}
		if !doc.Get("").IsArray() || !doc.Get("0.name").Exists() {
			return want, unknown(arg, launchForms)
		}
		want.resources = doc
	}
	if want.body == nil {
		return want, errors.New("nothing to launch; it takes " + launchForms)
	}
	return want, nil
}

// launchBody gives an ACCEPT body for a document, a name or a command.
func (s *Set) launchBody(v any) (*resources.Document, error) {
	line, isText := v.(string)
	if !isText || looksLikeJSON(line) || isDocumentName(line) {
		doc, err := s.body(v)
		if err != nil {
			return nil, err
		}
		return asAccept(doc)
	}
	if strings.TrimSpace(line) == "" {
		return nil, errors.New("the command is empty")
	}
	return asAccept(must(resources.New(map[string]any{
		"name":    strings.Fields(line)[0],
		"command": map[string]any{"shell": true, "value": line},
	})))
}

// isDocumentName tells a document's name from a command: one word ending in .json.
func isDocumentName(line string) bool {
	return strings.HasSuffix(line, ".json") && !strings.ContainsAny(line, " \t\n;|&")
}

// refuseSeconds is for how long the rest of an offer is not offered again after
// a launch that brings no filter of its own: not Mesos' 5 s, because the next
// cell is likely to launch again.
const refuseSeconds = 0.0

// asAccept puts a TaskInfo into the body of a call; an ACCEPT body stays as it is.
func asAccept(doc *resources.Document) (*resources.Document, error) {
	switch {
	case doc.Get("type").String() == "ACCEPT":
		return doc, nil
	case doc.Get("type").Exists():
		return nil, fmt.Errorf("the document has the type %q, want ACCEPT", doc.Get("type").String())
	case !doc.Get("command").Exists() && !doc.Get("container").Exists() && !doc.Get("executor").Exists():
		return nil, errors.New("the document is neither an ACCEPT body nor a TaskInfo with a command, a container or an executor")
	}
	return resources.New(map[string]any{
		"type": "ACCEPT",
		"accept": map[string]any{
			"operations": []any{map[string]any{"type": "LAUNCH", "launch": map[string]any{"task_infos": []any{doc}}}},
			"filters":    map[string]any{"refuse_seconds": refuseSeconds},
		},
	})
}

// fillIn completes a body: offer, agent, task ids, names and resources where
// they are absent, null or empty.
func (s *Set) fillIn(ctx context.Context, live *session.Session, want launchArgs) error {
	infos := taskInfos(want.body)
	if err := gaps(infos); err != nil {
		return err
	}
	return resources.Try(func() {
		for _, info := range infos {
			s.fillTask(live, info, want.resources)
		}
		if ids := want.body.Get("accept.offer_ids"); len(ids.Array()) > 0 && want.offer == nil {
			s.fillAgent(live, infos, session.OfferID(ids.Get("0.value").String()))
			return
		}
		offer := want.offer
		if offer == nil {
			offer = s.fitting(ctx, live, infos)
		}
		want.body.Set("accept.offer_ids", []any{map[string]any{"value": offer.ID}})
		setAgent(infos, offer.AgentID)
	})
}

// taskInfos gives references to the tasks of all LAUNCH and LAUNCH_GROUP operations.
func taskInfos(body *resources.Document) []*resources.Document {
	var infos []*resources.Document
	for i := range body.Get("accept.operations").Array() {
		for _, path := range []string{"launch.task_infos", "launch_group.task_group.tasks"} {
			full := fmt.Sprintf("accept.operations.%d.%s", i, path)
			if body.Get(full).IsArray() {
				infos = append(infos, body.At(full).Each()...)
			}
		}
	}
	return infos
}

// gaps finds what launch cannot know.
func gaps(infos []*resources.Document) error {
	for _, info := range infos {
		null := func(path string) bool { r := info.Get(path); return r.Exists() && r.Type == gjson.Null }
		if null("command.value") {
			return errors.New("command.value of a task is null; Set the command to run")
		}
		for i := range info.Get("command.uris").Array() {
			if path := fmt.Sprintf("command.uris.%d.value", i); null(path) {
				return fmt.Errorf("%s of a task is null; Set the URI to fetch, for example resource_url(\"content.tar.gz\")", path)
			}
		}
	}
	return nil
}

// fillTask completes one TaskInfo but for its agent. It panics with *resources.Error.
func (s *Set) fillTask(live *session.Session, info, amounts *resources.Document) {
	if empty(info.Get("task_id.value")) {
		info.Set("task_id.value", newTaskID(live))
	}
	if empty(info.Get("name")) {
		info.Set("name", info.Get("task_id.value"))
	}
	if len(info.Get("resources").Array()) > 0 {
		return
	}
	if amounts == nil {
		amounts = s.getJSON(s.settings.resourcesJSON)
	}
	info.Set("resources", amounts)
}

func empty(r gjson.Result) bool { return !r.Exists() || r.Type == gjson.Null || r.Raw == `""` }

// newTaskID gives a short random id that no known task has.
func newTaskID(live *session.Session) string {
	for {
		id := uuid.NewString()[:8]
		if _, taken := live.Task(session.TaskID(id)); !taken {
			return id
		}
	}
}

// fillAgent sets the agent of the offer that the body names already.
func (s *Set) fillAgent(live *session.Session, infos []*resources.Document, id session.OfferID) {
	known := live.Offers()
	i := slices.IndexFunc(known, func(o session.Offer) bool { return o.ID == id })
	if i >= 0 {
		setAgent(infos, known[i].AgentID)
		return
	}
	for _, info := range infos {
		if empty(info.Get("agent_id.value")) {
			fail("launch", fmt.Errorf("offer %s cannot be used any more, so its agent is not known; take one of offers()", id))
		}
	}
}

func setAgent(infos []*resources.Document, agent session.AgentID) {
	for _, info := range infos {
		if empty(info.Get("agent_id.value")) {
			info.Set("agent_id.value", agent)
		}
	}
}

// fitting waits for an offer that has room for all the tasks.
func (s *Set) fitting(ctx context.Context, live *session.Session, infos []*resources.Document) *session.Offer {
	need := needs(infos)
	for {
		changed := live.Changed()
		for _, offer := range live.Offers() {
			if need.fit(offer) {
				return &offer
			}
		}
		if _, err := live.WaitForOffers(ctx, 1); err != nil {
			fail("launch", withOfferHint(err))
		}
		select {
		case <-changed:
		case <-ctx.Done():
			fail("launch", fmt.Errorf("no offer has room for %s; offers() lists them: %w", need, context.Cause(ctx)))
		}
	}
}

// need is what a launch takes: cpus, mem and disk in MB.
type need struct{ cpus, memMB, diskMB float64 }

func needs(infos []*resources.Document) need {
	var sum need
	for _, info := range infos {
		list := info.Get("resources").Array()
		for i := 0; i < len(list); i++ {
			r := list[i]
			if r.IsArray() { // Mesos flattens nested arrays
				list = append(list, r.Array()...)
				continue
			}
			v := r.Get("scalar.value").Float()
			switch r.Get("name").String() {
			case "cpus":
				sum.cpus += v
			case "mem":
				sum.memMB += v
			case "disk":
				sum.diskMB += v
			}
		}
	}
	return sum
}

func (n need) fit(o session.Offer) bool {
	return n.cpus <= o.CPUs && n.memMB <= o.MemMB && n.diskMB <= o.DiskMB
}

func (n need) String() string {
	return fmt.Sprintf("cpus %s, mem %s MB, disk %s MB", amount(n.cpus), amount(n.memMB), amount(n.diskMB))
}

// must is for values that always have a JSON form.
func must(d *resources.Document, err error) *resources.Document {
	if err != nil {
		panic(err)
	}
	return d
}
