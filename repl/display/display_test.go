package display

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"mesosbook/kernel"
)

type task struct {
	ID   string
	CPUs float64
	Tags []string
}

type node struct {
	Name string
	Next *node
}

type colour int

func (c colour) String() string { return [...]string{"red", "green"}[c] }

type offers []task

func (o offers) Table() ([]string, [][]string) {
	var rows [][]string
	for _, t := range o {
		rows = append(rows, []string{t.ID, fmt.Sprint(t.CPUs)})
	}
	return []string{"OFFER", "CPUS"}, rows
}

func (o offers) String() string { return "no offers" }

type document1 struct{ raw string }

func (d *document1) JSON() []byte { return []byte(d.raw) }

type angry struct{}

func (angry) String() string { panic("no") }

func value(x any) kernel.Value {
	v := kernel.Value{V: reflect.ValueOf(x), Type: strings.ReplaceAll(fmt.Sprintf("%T", x), "display.", "")}
	func() {
		defer func() { recover() }()
		v.Text = fmt.Sprint(x)
	}()
	return v
}

func TestText(t *testing.T) {
	long := strings.Repeat("x", 50)
	loop := &node{Name: "a"}
	loop.Next = loop
	for _, test := range []struct {
		name string
		in   any
		want string
	}{
		{"number", 42, "42"},
		{"string", "a \"b\"\nc", "a \"b\"\nc"},
		{"JSON string", ` {"a":[1,2]} `, "{\n  \"a\": [1, 2]\n}"},
		{"a string that only looks like JSON", "{a}", "{a}"},
		{"raw message", json.RawMessage(`{"a":null}`), "{\n  \"a\": null\n}"},
		{"JSON method", &document1{`[{"a":1}]`}, "[\n  {\n    \"a\": 1\n  }\n]"},
		{"gjson object", gjson.Parse(`{"a":1}`), "{\n  \"a\": 1\n}"},
		{"gjson string", gjson.Parse(`"text"`), "text"},
		{"gjson nothing", gjson.Result{}, ""},
		{"bytes of text", []byte("hello\n"), "hello"},
		{"binary bytes", []byte{0, 1, 'a'}, "00000000  00 01 61                                          |..a|"},
		{"struct", task{"t1", 0.5, []string{"a b"}}, `task{ID: "t1", CPUs: 0.5, Tags: ["a b"]}`},
		{"pointer to struct", &task{ID: "t1"}, `&task{ID: "t1", CPUs: 0, Tags: []}`},
		{"long struct", task{long, 1, []string{long}}, "task{\n  ID:   \"" + long + "\"\n  CPUs: 1\n  Tags: [\"" + long + "\"]\n}"},
		{"structs", []task{{"t1", 0.5, nil}, {"task 2", 12, []string{"x"}}}, "ID      CPUs  Tags\nt1      0.5   []\ntask 2  12    [\"x\"]"},
		{"pointers to structs", []*node{{Name: "a"}, nil}, "Name  Next\na     nil\nnil"},
		{"no structs", []task{}, "[]"},
		{"maps", []map[string]any{{"b": 1, "a": "x"}, {"c": true}}, "a  b  c\nx  1\n      true"},
		{"strings", []string{"a", "b c"}, `["a" "b c"]`},
		{"long strings", []string{long, long}, "[\n  \"" + long + "\"\n  \"" + long + "\"\n]"},
		{"map", map[string]int{"b": 1, "a": 2}, `map["a":2 "b":1]`},
		{"map with numbers as keys", map[int]bool{10: true, 9: false}, `map[9:false 10:true]`},
		{"long map", map[string]string{"k": long, "key2": long}, "map[\n  \"k\":    \"" + long + "\"\n  \"key2\": \"" + long + "\"\n]"},
		{"Table", offers{{ID: "o1", CPUs: 2}}, "OFFER  CPUS\no1     2"},
		{"empty Table", offers{}, "no offers"},
		{"escape sequences", "a\x1b[2Jb\u009bc\r\n", "a\\x1b[2Jb\\u009bc"},
		{"error", errors.New("it broke"), "it broke"},
		{"duration", 90 * time.Second, "1m30s"},
		{"list of stringers", []colour{0, 1}, "[\n  red\n  green\n]"},
		{"func", strings.ToUpper, "func(string) string"},
		{"channel", make(chan int, 3), "chan int (0 of 3 in it)"},
		{"nil pointer", (*task)(nil), "nil"},
		{"nil map", map[string]int(nil), "map[]"},
		{"a value in itself", loop, `&node{
  Name: "a"
  Next: &{Name: "a", Next: &{Name: "a", Next: &{Name: "a", Next: &…}}}
}`},
		{"a method that panics", angry{}, "%!v(PANIC=String method: no)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(value(test.in), Options{}); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestTextOfInterpretedTypes(t *testing.T) {
	interpreted := struct {
		Xid  int `json:"-"`
		Name string
	}{7, "n"}
	v := kernel.Value{V: reflect.ValueOf(interpreted), Type: "T", Text: "{7 n}"}
	if got, want := Text(v, Options{}), `T{id: 7, Name: "n"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	v.Text = "from its String method"
	if got := Text(v, Options{}); got != v.Text {
		t.Errorf("got %s, want %s", got, v.Text)
	}
	list := kernel.Value{V: reflect.ValueOf([]int{0, 1}), Type: "[]Color", Text: "[red green]"}
	if got := Text(list, Options{}); got != list.Text {
		t.Errorf("got %s, want %s", got, list.Text)
	}
}

func TestNothingToLookAt(t *testing.T) {
	if got := Text(kernel.Value{Text: "<nil>"}, Options{}); got != "nil" {
		t.Errorf("got %q", got)
	}
}

func TestTableFitsTheWindow(t *testing.T) {
	v := value([]task{{strings.Repeat("世", 15), 1, nil}})
	for line := range strings.SplitSeq(Text(v, Options{Width: 24}), "\n") {
		if columns(line) >= 24 {
			t.Errorf("%q has %d columns", line, columns(line))
		}
	}
	if got := Text(v, Options{}); !strings.Contains(got, strings.Repeat("世", 15)) {
		t.Errorf("cut without a window: %s", got)
	}
}

func TestTheEndOfAnIDStays(t *testing.T) {
	v := value([]task{{"f8d2b34f-65e9-4cc3-99aa-1fa066fcd86c-O1", 1, []string{"something long here"}}})
	want := "ID                CPUs  Tags\n…1fa066fcd86c-O1  1     [\"somethi…"
	if got := Text(v, Options{Width: 35}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A table that a narrow window would leave nothing of becomes a record a row.
func TestRecordsInANarrowWindow(t *testing.T) {
	v := value([]task{{"f8d2b34f-O1", 123456, []string{"something long"}}, {"f8d2b34f-O2", 2, nil}})
	want := "ID    f8d2b34f-O1\nCPUs  123456\nTags  [\"something long\"]\n\nID    f8d2b34f-O2\nCPUs  2\nTags  []"
	if got := Text(v, Options{Width: 18}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Text(v, Options{Width: 30}); !strings.HasPrefix(got, "ID ") || !strings.Contains(got, "CPUs    Tags\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestColorChangesNoText(t *testing.T) {
	text := "{\"a\":[1,true,null,\"x\\u001b\"]}"
	for number, o := range map[string]Options{"\x1b[36m1": {Color: true}, "\x1b[38;5;25m1": {Color: true, Light: true}} {
		got := Text(value(text), o)
		if !strings.Contains(got, number) {
			t.Errorf("no colour in %q", got)
		}
		got = regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(got, "")
		if want := Text(value(text), Options{}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
