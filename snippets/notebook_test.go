package snippets

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const sample = "# A *small* one\n\nProse with ```inline``` code.\n\n" +
	"```go timeout=3s\nx := 1\nx\n```\n\n```output\n1\n```\n\n" +
	"```json\n{}\n```\n~~~go skip\nforever()\n~~~\nEnd, no newline"

func TestParse(t *testing.T) {
	nb, err := Parse("a.md", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{Line: 1, Prose: "# A *small* one\n\nProse with ```inline``` code.\n\n"},
		{Line: 5, Cell: &Cell{N: 1, Line: 5, Code: "x := 1\nx", Timeout: 3 * time.Second, Output: &Output{Line: 10, Text: "1"}}},
		{Line: 13, Prose: "\n```json\n{}\n```\n"},
		{Line: 17, Cell: &Cell{N: 2, Line: 17, Code: "forever()", Skip: true}},
		{Line: 20, Prose: "End, no newline"},
	}
	if diff := cmp.Diff(want, nb.Blocks, cmpopts.IgnoreUnexported(Cell{}, Output{})); diff != "" {
		t.Error(diff)
	}
	if nb.Title != "A small one" {
		t.Errorf("title %q", nb.Title)
	}
}

func TestClusterBlock(t *testing.T) {
	nb, err := Parse("a.md", []byte("# T\n\n```cluster\n--masters 3\n--agents 2\n```\n\n```go\nx\n```\n"))
	if err != nil || len(nb.Blocks) != 2 || nb.Blocks[0].Cell != nil {
		t.Fatalf("%+v, %v", nb, err)
	}
	if diff := cmp.Diff([]string{"--masters", "3", "--agents", "2"}, nb.Cluster); diff != "" {
		t.Error(diff)
	}
}

func TestPrintsBackByteForByte(t *testing.T) {
	for _, src := range []string{sample, "", "\n", "```go\n```\n```output\n```", strings.ReplaceAll(sample, "\n", "\r\n"), "- a list\n  ```go\n  x\n  ```\n"} {
		nb, err := Parse("a.md", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(nb.Bytes()); got != src {
			t.Errorf("Bytes: got %q, want %q", got, src)
		}
		outputs := map[int]string{}
		for _, c := range nb.Cells() {
			if c.Output != nil {
				outputs[c.N] = c.Output.Text + "\n"
			}
		}
		if got := string(nb.Update(outputs)); got != src {
			t.Errorf("Update: got %q, want %q", got, src)
		}
	}
}

func TestBlocksInListsAreProse(t *testing.T) {
	nb, err := Parse("a.md", []byte("- a list\n  ```go\n  x\n  ```\n"))
	if err != nil || len(nb.Cells()) != 0 {
		t.Errorf("got %d cells, %v; want none", len(nb.Cells()), err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"output without a cell", "text\n\n```output\n1\n```\n", "a.md:3: an output block must stand right after the go block"},
		{"prose between", "```go\n1\n```\n\nso\n\n```output\n1\n```\n", "a.md:7: an output block must stand right after the go block"},
		{"second output", "```go\n1\n```\n```output\n1\n```\n```output\n1\n```\n", "a.md:7: an output block must stand right after the go block"},
		{"no text", "a\xff\n", "a.md: it is no text in UTF-8, which a notebook is"},
		{"binary", "a\x00\n", "a.md: it is no text in UTF-8, which a notebook is"},
		{"never closed", "a\n```go\nx\n", "a.md:2: this block is never closed; end it with a line of ```"},
		{"unknown attribute", "```go timeot=3s\nx\n```\n", `a.md:1: unknown attribute "timeot=3s" of a go block; there are timeout=10s, skip and error`},
		{"bad duration", "```go timeout=3\nx\n```\n", "a.md:1: timeout=3 is no duration; write it like timeout=10s"},
		{"cluster after a cell", "```go\n1\n```\n\n```cluster\n--masters 3\n```\n", "a.md:5: there is one cluster block at most, before the first go block"},
		{"two clusters", "```cluster\n--masters 3\n```\n\n```cluster\n--masters 3\n```\n", "a.md:5: there is one cluster block at most"},
		{"empty cluster", "```cluster\n```\n", "a.md:1: this cluster block is empty"},
		{"attribute of output", "```go\nx\n```\n```output json\n```\n", `a.md:4: an output block takes no attributes, got "json"`},
	} {
		_, err := Parse("a.md", []byte(tt.src))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestUpdate(t *testing.T) {
	src := "```go\na\n```\n```output\nid <UUID>\n...\nold\nlast ...\n```\n\n```go\nb\n```\n\n```output\n```\nrest\n"
	nb, err := Parse("a.md", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	got := string(nb.Update(map[int]string{
		1: "id 457f6646-fb66-4be6-aff6-49669146197c\nx\ny\nnew\nlast one\n",
		2: "a fence: ```\n",
	}))
	// The dots take x, y and new: they stay, and only what is missing goes.
	want := "```go\na\n```\n```output\nid <UUID>\n...\nlast ...\n```\n\n```go\nb\n```\n\n````output\na fence: ```\n````\nrest\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := Parse("a.md", []byte(got)); err != nil {
		t.Errorf("the updated notebook does not parse: %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"tutorial", "snippets/tutorial.md"} {
		nb, err := Open(name)
		if err != nil || nb.Name != "snippets/tutorial.md" || len(nb.Cells()) == 0 {
			t.Fatalf("%s: got %v, %v", name, nb, err)
		}
	}
	if err := os.WriteFile("tutorial", []byte("# Mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if nb, err := Open("tutorial"); err != nil || nb.Title != "Mine" {
		t.Errorf("a file of that name wins: got %v, %v", nb, err)
	}
	_, err := Open("nothing.md")
	if err == nil || !strings.Contains(err.Error(), "program comes with ") || !strings.Contains(err.Error(), "tutorial") {
		t.Errorf("got %v, want a list of the shipped ones", err)
	}
}

func TestShippedNotebooksParse(t *testing.T) {
	for _, name := range Names() {
		nb, err := Open(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if nb.Title == "" || len(nb.Cells()) == 0 {
			t.Errorf("%s: title %q, %d cells", name, nb.Title, len(nb.Cells()))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{sample, "```go\n", "~~~go\n~~~", "> ```go\n> x\n> ```", "```output\n```", "``` go\n\n```\n\n```output\n...\n```", "   ```go\n   x\n  ```\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		nb, err := Parse("a.md", src)
		if err != nil {
			return
		}
		if got := nb.Update(nil); string(got) != string(src) {
			t.Fatalf("got %q, want %q", got, src)
		}
		end := 0
		for _, b := range nb.Blocks {
			if b.Line < 1 || b.Line < end {
				t.Fatalf("block at line %d after line %d", b.Line, end)
			}
			end = b.Line
		}
	})
}
