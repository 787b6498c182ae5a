package resources

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

type custom struct{}

func (custom) JSON() []byte { return []byte(`{"x": 1}`) }

func TestSet(t *testing.T) {
	other := parse(t, `{ "deep" : [1, 2] }`)
	for _, tt := range []struct {
		name, doc, path string
		value           any
		want            string
	}{
		{"replace null", `{"a":{"value":null}}`, "a.value", "x", `{"a":{"value":"x"}}`},
		{"keep order", `{"b":1,"a":2}`, "b", 3, `{"b":3,"a":2}`},
		{"new key", `{"a":1}`, "b", true, `{"a":1,"b":true}`},
		{"new objects on the way", `{}`, "a.b.c", 1, `{"a":{"b":{"c":1}}}`},
		{"object for null", `{"a":null}`, "a.b", 1, `{"a":{"b":1}}`},
		{"element", `{"a":[1,2]}`, "a.1", 3, `{"a":[1,3]}`},
		{"whole", `{"a":1}`, "", []int{1}, `[1]`},
		{"float", `{}`, "f", 0.1, `{"f":0.1}`},
		{"big integer", `{}`, "n", int64(math.MaxInt64), `{"n":9223372036854775807}`},
		{"string with markup", `{}`, "s", "a<b>&\"c\"", `{"s":"a<b>&\"c\""}`},
		{"JSON text stays text", `{}`, "s", `{"a":1}`, `{"s":"{\"a\":1}"}`},
		{"bytes are JSON", `{}`, "s", []byte(`{"a":1}`), `{"s":{"a":1}}`},
		{"raw message", `{}`, "s", json.RawMessage(`[1]`), `{"s":[1]}`},
		{"document", `{}`, "s", other, `{"s":{"deep":[1,2]}}`},
		{"reference", `{}`, "s", other.At("deep"), `{"s":[1,2]}`},
		{"gjson result", `{}`, "s", other.Get("deep.0"), `{"s":1}`},
		{"JSON method", `{}`, "s", custom{}, `{"s":{"x":1}}`},
		{"map", `{}`, "s", map[string]any{"k": []any{1.5, nil}}, `{"s":{"k":[1.5,null]}}`},
		{"documents and results deep in a value", `{}`, "s", map[string]any{"d": other, "l": []any{other.Get("deep"), []gjson.Result{other.Get("deep.1")}}}, `{"s":{"d":{"deep":[1,2]},"l":[[1,2],[2]]}}`},
		{"document in a struct", `{}`, "s", struct{ D *Document }{other}, `{"s":{"D":{"deep":[1,2]}}}`},
		{"query", `{"r":[{"n":"cpus","v":1},{"n":"mem","v":2}]}`, `r.#(n=="mem").v`, 5, `{"r":[{"n":"cpus","v":1},{"n":"mem","v":5}]}`},
		{"dot in a key", `{"a.b":1}`, `a\.b`, 2, `{"a.b":2}`},
		{"number as a key", `{"a":{"0":1}}`, "a.0", 2, `{"a":{"0":2}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := parse(t, tt.doc)
			d.Set(tt.path, tt.value)
			if diff := cmp.Diff(tt.want, string(d.JSON())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChangesThroughAReferenceChangeTheDocument(t *testing.T) {
	d := parse(t, `{"accept":{"operations":[{"launch":{"task_infos":[{"name":"x","resources":[]}]}}]}}`)
	task := d.At("accept.operations.0.launch.task_infos").At("0")
	task.Set("task_id.value", "82")
	task.Append("resources", parse(t, `[{"name":"cpus"}]`))
	task.Delete("name")
	want := `{"accept":{"operations":[{"launch":{"task_infos":[{"resources":[[{"name":"cpus"}]],"task_id":{"value":"82"}}]}}]}}`
	if diff := cmp.Diff(want, string(d.JSON())); diff != "" {
		t.Error(diff)
	}
	c := task.Copy()
	c.Set("task_id.value", "other")
	if got := task.Get("task_id.value").String(); got != "82" {
		t.Errorf("the copy changed its origin: task id %q", got)
	}
}

func TestEach(t *testing.T) {
	d := parse(t, `{"list":[{"n":1},{"n":2}],"a.b":{"n":3}}`)
	for _, e := range d.At("list").Each() {
		e.Set("n", e.Get("n").Int()*10)
	}
	d.Each()[1].Set("n", 4)
	if got, want := string(d.JSON()), `{"list":[{"n":10},{"n":20}],"a.b":{"n":4}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"list", "a.b"}, d.Keys()); diff != "" || d.Len() != 2 || d.At("list").Len() != 2 {
		t.Errorf("keys, %d, %d: %s", d.Len(), d.At("list").Len(), diff)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	const text = `{"offer_ids":[{"value":"O1"}],"accept":{"n":5,"s":"text","none":null,"empty":[]}}`
	for _, tt := range []struct {
		name string
		edit func(d *Document)
		want string
	}{
		{"append to a typo", func(d *Document) { d.Append("offer_id", 1) }, `append to offer_id: there is no "offer_id" in the document; did you mean "offer_ids"?`},
		{"append to nothing alike", func(d *Document) { d.Append("accept.qqqqqq", 1) }, `append to accept.qqqqqq: there is no "qqqqqq" in accept (it has n, s, none, empty)`},
		{"append to a number", func(d *Document) { d.Append("accept.n", 1) }, `append to accept.n: accept.n is the number 5, not an array; Set replaces it`},
		{"into a number", func(d *Document) { d.Set("accept.n.x", 1) }, `set accept.n.x: accept.n is the number 5, so nothing can lie in it`},
		{"index out of range", func(d *Document) { d.Set("offer_ids.1", 1) }, `set offer_ids.1: index 1 is out of range: offer_ids has 1 element; Append adds one`},
		{"key in an array", func(d *Document) { d.Set("offer_ids.value", 1) }, `set offer_ids.value: offer_ids is an array of 1: its elements are at 0`},
		{"index into null", func(d *Document) { d.Set("accept.none.0", 1) }, `set accept.none.0: accept.none is not an array yet; Set("accept.none", []any{...}) makes one`},
		{"brackets", func(d *Document) { d.Set("offer_ids[0].value", 1) }, `set offer_ids[0].value: indexes are written with a dot: "offer_ids.0.value"`},
		{"empty step", func(d *Document) { d.Set("accept..n", 1) }, `set accept..n: the path has an empty step; write it like accept.operations.0.launch`},
		{"missing reference", func(d *Document) { d.At("acept.n") }, `at acept.n: there is no "acept" in the document; did you mean "accept"?`},
		{"delete nothing", func(d *Document) { d.Delete("accept.x1") }, `delete accept.x1: there is no "x1" in accept`},
		{"no such query", func(d *Document) { d.Set(`offer_ids.#(value=="O2").value`, 1) }, `the query matches nothing`},
		{"value of nowhere", func(d *Document) { d.Set("x", d.Get("nowhere")) }, `set x: the value was taken from a path where there is nothing`},
		{"value of nowhere, deep", func(d *Document) { d.Set("x", []any{1, d.Get("nowhere")}) }, `set x: element 1: the value was taken from a path where there is nothing`},
		{"no JSON form", func(d *Document) { d.Set("x", func() {}) }, `set x: a func() has no JSON form`},
		{"not a number", func(d *Document) { d.Set("x", math.NaN()) }, `set x: a float64 has no JSON form`},
		{"broken bytes", func(d *Document) { d.Set("x", []byte("{\n  nope")) }, `set x: broken JSON at 2:3: invalid character 'n' looking for`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := parse(t, text)
			err := Try(func() { tt.edit(d) })
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want %s", err, tt.want)
			}
			if _, ok := err.(interface{ CellError() }); !ok {
				t.Errorf("%T is no CellError", err)
			}
			if got := string(d.JSON()); got != text {
				t.Errorf("the document changed: %s", got)
			}
		})
	}
}

func TestSave(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "doc.json")
	d := parse(t, `{"a":[1,2],"b":null}`)
	d.Save(file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(parse(t, string(data)).JSON()); got != string(d.JSON()) || !strings.HasSuffix(string(data), "}\n") {
		t.Errorf("got %q", data)
	}
	if err := Try(func() { d.Save(filepath.Join(file, "under-a-file")) }); err == nil {
		t.Error("saving under a file succeeded")
	}
}

func TestNilDocument(t *testing.T) {
	var none *Document
	for name, use := range map[string]func(){
		"get": func() { none.Get("x") }, "set": func() { none.Set("x", 1) }, "at": func() { none.At("x") },
		"len": func() { none.Len() }, "copy": func() { none.Copy() }, "JSON": func() { none.JSON() }, "zero": func() { new(Document).Set("", 1) },
	} {
		if err := Try(use); err == nil || !strings.Contains(err.Error(), "there is no document") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if none.String() != "nil" {
		t.Errorf("got %q", none.String())
	}
}

func FuzzEdit(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":{"b":[1,{"c":null}]}}`, "a.b.1.c"}, {`[]`, "-1"}, {`{"":1}`, ""}, {`{"a":1}`, `a\`},
		{`{"a.b":[]}`, `a\.b.0`}, {`null`, "x.#(y)"}, {`{"a|b":1}`, "a|b"}, {`{"@this":1}`, "@this"}, {`{"0":{}}`, ":0"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		d, err := Parse([]byte(text))
		if err != nil {
			return
		}
		for _, edit := range []func(){
			func() { d.Set(path, 1) }, func() { d.Append(path, "x") }, func() { d.At(path).Set("k", nil) }, func() { d.Delete(path) },
		} {
			_ = Try(edit) // a panic of another kind fails the test
			if !gjson.ValidBytes(d.JSON()) {
				t.Fatalf("%q at %q left broken JSON %s", text, path, d.JSON())
			}
		}
	})
}
