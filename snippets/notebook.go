package snippets

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// Notebook is a parsed Markdown file.
type Notebook struct {
	Name   string  // file name, as messages show it
	Title  string  // text of the first heading; empty without one
	Blocks []Block // prose and cells in the order of the file
	// Cluster is what the notebook's cluster block says of the embedded cluster that
	// it is written for, as words of a command line; nil without one.
	Cluster []string

	src []byte
}

// Block is a stretch of prose or one cell.
type Block struct {
	Line  int    // of its first line, from 1
	Prose string // Markdown as written; empty for a cell
	Cell  *Cell  // nil for prose
}

// Cell is one piece of Go and what it is expected to print.
type Cell struct {
	N       int           // from 1, in the order of the file
	Line    int           // of the opening fence; the code begins on the next line
	Code    string        // without a final newline
	Timeout time.Duration // attribute timeout=10s; 0: the replay's
	Skip    bool          // attribute skip: shown, not run
	Fails   bool          // attribute error: must fail; needed only without an output block
	Output  *Output       // nil: what the cell prints is not checked

	end int // offset behind the closing fence's line
}

// Output is the expected output of a cell; see Match for its patterns.
type Output struct {
	Line int    // of the opening fence; the text begins on the next line
	Text string // without a final newline

	start, end int // offsets of the opening fence's line and behind the closing one's
}

// ParseError is a place in a notebook that cannot be understood.
type ParseError struct {
	Name string
	Line int
	Text string
}

func (e *ParseError) Error() string { return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Text) }

// Parse reads a notebook; name is for messages. The error is a *ParseError.
func Parse(name string, src []byte) (*Notebook, error) {
	if bytes.IndexByte(src, 0) >= 0 || !utf8.Valid(src) {
		return nil, fmt.Errorf("%s: it is no text in UTF-8, which a notebook is", name)
	}
	p := parser{nb: &Notebook{Name: name, src: src}, src: src}
	root := goldmark.DefaultParser().Parse(text.NewReader(src))
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		var err error
		switch n := n.(type) {
		case *ast.Heading:
			if p.nb.Title == "" {
				p.nb.Title = plainText(n, src)
			}
		case *ast.FencedCodeBlock:
			err = p.fenced(n)
		}
		if err != nil {
			return nil, err
		}
	}
	p.prose(len(src))
	return p.nb, nil
}

// Bytes is the notebook as a file.
func (nb *Notebook) Bytes() []byte { return bytes.Clone(nb.src) }

// Cells lists the cells in order.
func (nb *Notebook) Cells() []*Cell {
	var cells []*Cell
	for _, b := range nb.Blocks {
		if b.Cell != nil {
			cells = append(cells, b.Cell)
		}
	}
	return cells
}

type parser struct {
	nb   *Notebook
	src  []byte
	done int // offset up to which Blocks covers src
}

// fence is a fenced block with its place in the source.
type fence struct {
	line       int
	info       string
	text       string
	start, end int
}

func (p *parser) fenced(n *ast.FencedCodeBlock) error {
	language := string(n.Language(p.src))
	if language != "go" && language != "output" && language != "cluster" {
		return nil
	}
	f, err := p.locate(n)
	if err != nil {
		return err
	}
	if language == "cluster" {
		return p.cluster(f)
	}
	if language == "output" {
		return p.output(n, f)
	}
	cell := &Cell{N: len(p.nb.Cells()) + 1, Line: f.line, Code: f.text, end: f.end}
	for _, attribute := range strings.Fields(f.info)[1:] {
		if err := cell.set(attribute); err != nil {
			return &ParseError{p.nb.Name, f.line, err.Error()}
		}
	}
	p.prose(f.start)
	p.nb.Blocks = append(p.nb.Blocks, Block{Line: f.line, Cell: cell})
	p.done = f.end
	return nil
}

// cluster reads the block that says which cluster the notebook is for. It stays a
// part of the prose: a reader needs it as well.
func (p *parser) cluster(f fence) error {
	if p.nb.Cluster != nil || len(p.nb.Cells()) > 0 {
		return &ParseError{p.nb.Name, f.line, "there is one cluster block at most, before the first go block"}
	}
	if p.nb.Cluster = strings.Fields(f.text); len(p.nb.Cluster) == 0 {
		return &ParseError{p.nb.Name, f.line, "this cluster block is empty; it says how the cluster is started, as --masters 3"}
	}
	return nil
}

func (p *parser) output(n *ast.FencedCodeBlock, f fence) error {
	if fields := strings.Fields(f.info); len(fields) > 1 {
		return &ParseError{p.nb.Name, f.line, fmt.Sprintf("an output block takes no attributes, got %q", fields[1])}
	}
	before, ok := n.PreviousSibling().(*ast.FencedCodeBlock)
	if !ok || string(before.Language(p.src)) != "go" {
		return &ParseError{p.nb.Name, f.line, "an output block must stand right after the go block whose output it is"}
	}
	cells := p.nb.Cells()
	cells[len(cells)-1].Output = &Output{Line: f.line, Text: f.text, start: f.start, end: f.end}
	p.done = f.end
	return nil
}

// prose adds what lies between the last block and offset end.
func (p *parser) prose(end int) {
	if p.done < end {
		p.nb.Blocks = append(p.nb.Blocks, Block{Line: p.lineAt(p.done), Prose: string(p.src[p.done:end])})
		p.done = end
	}
}

func (p *parser) locate(n *ast.FencedCodeBlock) (fence, error) {
	info := n.Info.Segment
	f := fence{
		line:  p.lineAt(info.Start),
		info:  string(info.Value(p.src)),
		start: bytes.LastIndexByte(p.src[:info.Start], '\n') + 1,
	}
	content := string(n.Lines().Value(p.src))
	f.text = strings.TrimSuffix(strings.ReplaceAll(content, "\r\n", "\n"), "\n")
	closing := p.nextLine(info.Stop)
	if lines := n.Lines(); lines.Len() > 0 {
		closing = lines.At(lines.Len() - 1).Stop
	}
	f.end = p.nextLine(closing)
	marker := strings.TrimSpace(string(p.src[f.start:info.Start]))
	if !strings.HasPrefix(strings.TrimSpace(string(p.src[closing:f.end])), strings.TrimRight(marker, " \t")) {
		return f, &ParseError{p.nb.Name, f.line, "this block is never closed; end it with a line of " + marker}
	}
	return f, nil
}

// nextLine is the offset behind the newline at or after offset.
func (p *parser) nextLine(offset int) int {
	if i := bytes.IndexByte(p.src[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(p.src)
}

func (p *parser) lineAt(offset int) int { return bytes.Count(p.src[:offset], []byte("\n")) + 1 }

// set takes one attribute of a go block's info string.
func (c *Cell) set(attribute string) error {
	key, value, hasValue := strings.Cut(attribute, "=")
	switch {
	case key == "timeout":
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fmt.Errorf("timeout=%s is no duration; write it like timeout=10s", value)
		}
		c.Timeout = d
	case key == "skip" && !hasValue:
		c.Skip = true
	case key == "error" && !hasValue:
		c.Fails = true
	default:
		return fmt.Errorf("unknown attribute %q of a go block; there are timeout=10s, skip and error", attribute)
	}
	return nil
}

func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Value(src))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
