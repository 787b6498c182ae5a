package kernel

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	p := newPlayer(t)
	ctx := context.Background()
	for _, cell := range []string{
		"// Point is a place.\ntype Point struct{ X, Y int; label string }\nfunc (p Point) Norm() int { return p.X*p.X + p.Y*p.Y }",
		"origin := Point{1, 2, \"o\"}\npoints := map[string][]Point{}",
		"import \"strings\"",
	} {
		p.play(ctx, cell)
	}
	if p.errs.Len() > 0 {
		t.Fatal(p.errs.String())
	}
	for _, c := range []struct{ code, want string }{
		{"orig|", "origin"},
		{"origin.|", "Norm X Y label"},
		{"_ = \"orig|", ""}, {"_ = `\norig|", ""}, {"_ = 'orig|", ""}, {"x() // orig|", ""}, {"/* orig|", ""},
		{"_ = \"no end\norig|", "origin"}, {"// comment\norig|", "origin"}, {"f(\"a\", orig|", "origin"},
		{"origin.N|", "Norm"},
		{"points[\"a\"][0].|", "Norm X Y label"},
		{"strings.ToUpperS|", "ToUpperSpecial"},
		{"http.StatusNotF|", "StatusNotFound"},
		{"for _, q := range points[\"x\"] { q.|", "Norm X Y label"},
		{"if origin.X|", "X"},
		{"if n := origin.No|", "Norm"},
		{"func f(pt Point) int {\n\treturn pt.|", "Norm X Y label"},
		{"func f(argument int) int {\n\treturn arg|\n}", "argument"},
		{"Point{|", "X: "},
		{"Point{X: 1, |", "Y: "},
		{"x := fmt.Sprint(origin.|)", "Norm X Y label"},
		{"local := origin\nlocal.|", "Norm X Y label"},
		{"strings.NewReader(\"a\").ReadB|", "ReadByte"},
		{"origin.Norm().|", ""},
		{"nosuch.|", ""},
		{"retu|", "return"},
		{"x := []Point{origin}\nx[0].la|", "label"},
	} {
		cursor := strings.IndexByte(c.code, '|')
		code := c.code[:cursor] + c.code[cursor+1:]
		list, start := p.k.Complete(code, cursor)
		var got []string
		for _, d := range list {
			got = append(got, d.Text)
		}
		want := strings.Fields(c.want)
		if strings.HasSuffix(c.want, ": ") {
			if !slices.Contains(got, c.want) {
				t.Errorf("%s: got %q, want %q among them", c.code, got, c.want)
			}
			continue
		}
		if !slices.Equal(got, want) && !(len(got) == 0 && len(want) == 0) {
			t.Errorf("%s: got %q from %d, want %q", c.code, got, start, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	p := newPlayer(t)
	p.play(context.Background(), "// Point is a place.\ntype Point struct{ X, Y int }\nfunc (p Point) Norm() int { return p.X }\n// double doubles.\nfunc double(n int) int { return 2 * n }\nat := Point{3, 4}\nconst Limit = 7")
	for _, c := range []struct {
		expr string
		want Description
	}{
		{"at", Description{Name: "at", Type: "Point", Text: "{3 4}", Cell: 1}},
		{"at.Y", Description{Name: "at.Y", Type: "int", Text: "4"}},
		{"at.Norm", Description{Name: "at.Norm", Type: "func Norm() int"}},
		{"at.Norm()", Description{Name: "at.Norm()", Type: "int"}},
		{"double", Description{Name: "double", Type: "func double(n int) int", Doc: "double doubles.", Cell: 1}},
		{"Point", Description{Name: "Point", Type: "type Point struct {\n\tX int\n\tY int\n}\nfunc (Point) Norm() int", Doc: "Point is a place.", Cell: 1}},
		{"Limit", Description{Name: "Limit", Type: "const untyped int = 7", Cell: 1}},
		{"strings", Description{Name: "strings", Type: "package strings"}},
		{"strings.ToUpper", Description{Name: "strings.ToUpper", Type: "func ToUpper(string) string"}},
		{"len", Description{Name: "len", Type: "builtin"}},
	} {
		got, err := p.k.Describe(c.expr)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v, want %+v", c.expr, got, err, c.want)
		}
	}
	if _, err := p.k.Describe("nosuch.thing"); err == nil || !strings.Contains(err.Error(), "undefined: nosuch") {
		t.Errorf("got error %v, want it to tell that nosuch is undefined", err)
	}
	var names []string
	for _, d := range p.k.Names() {
		names = append(names, d.Name+" "+d.Type+" "+d.Text)
	}
	want := []string{"Limit const untyped int = 7 ", "Point type struct ", "at Point ", "double func(n int) int "}
	if !slices.Equal(names, want) {
		t.Errorf("names: got %q, want %q", names, want)
	}
}

func TestSignature(t *testing.T) {
	p := newPlayer(t)
	p.play(context.Background(), "func launch(name string, cpus float64) error { return nil }")
	for _, c := range []struct {
		code, name, typ string
		arg             int
	}{
		{"launch(\"a\", |", "launch", "func(name string, cpus float64) error", 1},
		{"launch(|)", "launch", "func(name string, cpus float64) error", 0},
		{"x := strings.Repeat(\"a\", |", "Repeat", "func(string, int) string", 1},
		{"launch(strings.Repeat(|", "Repeat", "func(string, int) string", 0},
	} {
		cursor := strings.IndexByte(c.code, '|')
		d, arg, ok := p.k.Signature(c.code[:cursor]+c.code[cursor+1:], cursor)
		if !ok || d.Name != c.name || d.Type != c.typ || arg != c.arg {
			t.Errorf("%s: got %+v, argument %d, %v", c.code, d, arg, ok)
		}
	}
	if _, _, ok := p.k.Signature("1 + ", 4); ok {
		t.Error("a signature outside of a call")
	}
}
