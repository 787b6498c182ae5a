package repl

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"mesosbook/resources"
)

// keysHelp tells what the keys do.
var keysHelp = [...]struct{ key, does string }{
	{"Enter", "run the cell when it is complete, else begin a new line"},
	{"Alt-Enter", "begin a new line in any case (also Ctrl-J)"},
	{"Tab", "complete the name; again: the next names"},
	{"Up, Down", "lines of the cell, then the history; Ctrl-R searches it"},
	{"Ctrl-C", "forget the line; while a cell runs: interrupt it"},
	{"Ctrl-D", "leave, on an empty line"},
	{"Alt-E", "write the cell in your editor"},
	{"Ctrl-_", "undo; Ctrl-K, Ctrl-U, Ctrl-W cut; Ctrl-Y pastes; Ctrl-L redraws"},
}

// keyColumns is the width of the keys' names in the help.
const keyColumns = 12

func (r *REPL) helpCommand(_ context.Context, name string, _ io.Writer) error {
	name = strings.TrimPrefix(name, ":")
	if name == "" {
		r.page(r.overview())
		return nil
	}
	if r.helpPage(name) {
		return nil
	}
	for _, c := range r.commands {
		if c.Name == name {
			r.page(fmt.Sprintf("%s  %s\n", r.usage(c), c.Summary))
			return nil
		}
	}
	d, err := r.o.Kernel.Describe(name)
	if err == nil {
		r.page(r.description(d))
		return nil
	}
	if near, ok := resources.Nearest(name, r.helpNames()); ok {
		return fmt.Errorf(":help %s: nothing is known of it; did you mean %s?", name, near)
	}
	return fmt.Errorf(":help %s: nothing is known of it; :help lists what there is", name)
}

// helpPage shows the page that Options.Help has of name, if any.
func (r *REPL) helpPage(name string) bool {
	if r.o.Help == nil {
		return false
	}
	text, ok := r.o.Help(name)
	if ok {
		r.page(wrapLines(joinLines(text), r.textWidth(), ""))
	}
	return ok
}

func (r *REPL) usage(c Command) string {
	if c.Args == "" {
		return ":" + c.Name
	}
	return ":" + c.Name + " " + c.Args
}

// overview lists the pages by group, then the commands and keys.
func (r *REPL) overview() string {
	var b strings.Builder
	var groups []string
	topics := r.topics()
	width := 0
	for _, t := range topics {
		if !slices.Contains(groups, t.Group) {
			groups = append(groups, t.Group)
		}
		width = max(width, columns(t.Name))
	}
	for _, c := range r.commands {
		width = max(width, columns(r.usage(c)))
	}
	for _, g := range groups {
		b.WriteString(r.th.text(titleText, g) + "\n")
		for _, t := range topics {
			if t.Group == g {
				r.helpRow(&b, t.Name, t.Summary, width)
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString(r.th.text(titleText, "Commands") + "\n")
	for _, c := range r.commands {
		r.helpRow(&b, r.usage(c), c.Summary, width)
	}
	r.helpRow(&b, "NAME?", "what NAME is, as :help NAME", width)
	r.helpRow(&b, "!COMMAND", "run a shell command", width)
	if r.o.Terminal && !r.o.Dumb {
		b.WriteString("\n" + r.th.text(titleText, "Keys") + "\n")
		for _, k := range keysHelp {
			r.helpRow(&b, k.key, k.does, keyColumns)
		}
	}
	return b.String()
}

// helpRow writes a name and what it is: beside it, broken to the window, or below it
// in a window that is too narrow for both.
func (r *REPL) helpRow(b *strings.Builder, name, summary string, width int) {
	if !r.o.Terminal {
		fmt.Fprintf(b, "  %s  %s\n", fill(name, width), summary)
		return
	}
	const readable = 22 // columns
	room := r.scr.columns() - width - 5
	if room >= readable {
		indent := "\n" + strings.Repeat(" ", width+4)
		fmt.Fprintf(b, "  %s  %s\n", fill(name, width), strings.Join(wrap(summary, room), indent))
		return
	}
	lines := wrap(summary, max(r.scr.columns()-7, 10))
	fmt.Fprintf(b, "  %s\n      %s\n", name, strings.Join(lines, "\n      "))
}

func (r *REPL) topics() []Topic {
	if r.o.HelpTopics == nil {
		return nil
	}
	return r.o.HelpTopics()
}

func (r *REPL) helpNames() []string {
	var names []string
	for _, t := range r.topics() {
		names = append(names, t.Name)
	}
	for _, c := range r.commands {
		names = append(names, c.Name)
	}
	return names
}

func (r *REPL) completeHelp(prefix string) []string {
	var found []string
	for _, n := range r.helpNames() {
		if strings.HasPrefix(n, strings.TrimPrefix(prefix, ":")) {
			found = append(found, n)
		}
	}
	return found
}
