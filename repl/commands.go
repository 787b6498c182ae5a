package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"mesosbook/kernel"
	"mesosbook/resources"
)

// builtins are the ':' commands that need nothing but the terminal and the kernel.
func (r *REPL) builtins() []Command {
	return []Command{
		{Name: "help", Args: "[NAME]", Summary: "what there is, or the page of a name, a topic or a command", Run: r.helpCommand, Complete: r.completeHelp},
		{Name: "quit", Summary: "leave (also Ctrl-D on an empty line)", Run: r.quitCommand},
		{Name: "hist", Args: "[-g TEXT]", Summary: "what was typed, or what of it contains TEXT", Run: r.histCommand},
		{Name: "who", Summary: "the names of this session, their types and values", Run: r.whoCommand},
		{Name: "save", Args: "[-a] [-f] FILE", Summary: "write the cells of this session and their outputs as a Markdown notebook; -a also those that failed, -f over an older file", Run: r.saveCommand, Complete: completeFile},
		{Name: "load", Args: "FILE", Summary: "run the cells of a Markdown notebook or a .go file, up to the first error", Run: r.loadCommand, Complete: completeNotebook},
		{Name: "step", Args: "[FILE|N|back|off]", Summary: "walk through a Markdown notebook: Enter on an empty line puts its next cell into the line; N and back go to another cell, off ends it", Run: r.stepCommand, Complete: completeStep},
		{Name: "edit", Args: "[N]", Summary: "write the next cell in your editor, beginning with cell N or the last one", Run: r.editCommand},
		{Name: "time", Args: "[on|off]", Summary: "show how long each cell took", Run: r.timeCommand},
		{Name: "set", Args: "[NAME VALUE]", Summary: "show or change the settings", Run: r.setCommand, Complete: completeSetting},
	}
}

// command runs a line after its colon.
func (r *REPL) command(ctx context.Context, line string) error {
	name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
	args = strings.TrimSpace(args)
	c, err := r.find(name)
	if err != nil {
		return err
	}
	if args != "" && c.Args == "" {
		return fmt.Errorf(":%s %s: it takes nothing behind it", c.Name, args)
	}
	r.during(ctx, ":"+c.Name, func(ctx context.Context) {
		err = c.Run(ctx, args, screenWriter{r.scr})
	})
	r.scr.freshLine()
	return err
}

// find gives the command of this name, or the only one that begins with it.
func (r *REPL) find(name string) (Command, error) {
	if name == "" {
		return Command{}, errors.New(": want a command behind it; :help lists them")
	}
	var begin []Command
	for _, c := range r.commands {
		if c.Name == name {
			return c, nil
		}
		if strings.HasPrefix(c.Name, name) {
			begin = append(begin, c)
		}
	}
	switch len(begin) {
	case 0:
		return Command{}, r.unknownCommand(name)
	case 1:
		return begin[0], nil
	}
	return Command{}, fmt.Errorf(":%s: is it :%s?", name, strings.Join(commandNames(begin), ", :"))
}

func commandNames(commands []Command) []string {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	return names
}

func (r *REPL) unknownCommand(name string) error {
	if near, ok := resources.Nearest(name, commandNames(r.commands)); ok {
		return fmt.Errorf(":%s: no such command; did you mean :%s?", name, near)
	}
	return fmt.Errorf(":%s: no such command; :help lists them", name)
}

func (r *REPL) quitCommand(context.Context, string, io.Writer) error {
	r.quit = true
	return nil
}

func (r *REPL) timeCommand(_ context.Context, args string, out io.Writer) error {
	if err := r.settings.set("time", args); err != nil {
		return err
	}
	fmt.Fprintln(out, r.settings.line("time"))
	return nil
}

func (r *REPL) setCommand(_ context.Context, args string, out io.Writer) error {
	name, value, _ := strings.Cut(args, " ")
	if name == "" {
		r.settings.print(out)
		return nil
	}
	if err := r.settings.set(name, strings.TrimSpace(value)); err != nil {
		return err
	}
	fmt.Fprintln(out, r.settings.line(name))
	return nil
}

func (r *REPL) whoCommand(_ context.Context, _ string, out io.Writer) error {
	var own []kernel.Description // not the helper names: those are in :help
	names, types := 0, 0
	for _, d := range r.o.Kernel.Names() {
		if d.Cell > 0 {
			own = append(own, d)
			names, types = max(names, columns(d.Name)), max(types, columns(d.Type))
		}
	}
	if len(own) == 0 {
		fmt.Fprintln(out, "no names yet; a cell that defines one: x := 1")
		return nil
	}
	types = min(types, 40)
	var b strings.Builder
	for _, d := range own {
		row := fmt.Sprintf("%s  %s  %s", fill(d.Name, names), fill(d.Type, types), oneLine(cleanText(d.Text)))
		if r.o.Terminal {
			row = runewidth.Truncate(row, r.scr.columns()-1, "…")
		}
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	r.page(b.String())
	return nil
}

func (r *REPL) histCommand(_ context.Context, args string, out io.Writer) error {
	text, filtered := "", false
	if args != "" {
		if text, filtered = strings.CutPrefix(args, "-g "); !filtered {
			return fmt.Errorf(":hist %s: want nothing or -g TEXT", args)
		}
	}
	var b strings.Builder
	for _, e := range r.hist.entries {
		if !filtered || strings.Contains(strings.ToLower(e), strings.ToLower(strings.TrimSpace(text))) {
			b.WriteString(e + "\n")
		}
	}
	if b.Len() == 0 {
		fmt.Fprintln(out, "nothing in the history")
		return nil
	}
	r.page(b.String())
	return nil
}

// describe answers `x?`.
func (r *REPL) describe(name string) error {
	if r.helpPage(name) {
		return nil
	}
	d, err := r.o.Kernel.Describe(name)
	if err != nil {
		return err
	}
	r.page(r.description(d))
	return nil
}

func (r *REPL) description(d kernel.Description) string {
	var b strings.Builder
	b.WriteString(r.th.text(titleText, d.Name))
	if d.Type != "" {
		b.WriteString("  " + d.Type)
	}
	if d.Cell > 0 {
		b.WriteString("  " + r.th.text(dimText, fmt.Sprintf("[%d]", d.Cell)))
	}
	for _, part := range []string{d.Doc, d.Text} {
		if part != "" {
			b.WriteString("\n" + part)
		}
	}
	return b.String() + "\n"
}

// complete lists what can stand at the cursor of a cell or a command line.
func (r *REPL) complete(text string, cursor int) ([]kernel.Completion, int) {
	line := strings.TrimLeft(text[:cursor], " ")
	if !strings.HasPrefix(line, ":") {
		if strings.HasPrefix(line, "!") {
			return nil, 0
		}
		return r.o.Kernel.Complete(text, cursor)
	}
	name, args, hasArgs := strings.Cut(line[1:], " ")
	var found []kernel.Completion
	if !hasArgs {
		for _, c := range r.commands {
			if strings.HasPrefix(c.Name, name) {
				found = append(found, kernel.Completion{Text: ":" + c.Name, Detail: c.Args, Doc: c.Summary})
			}
		}
		return found, cursor - len(name) - 1
	}
	args = strings.TrimLeft(args, " ")
	for _, c := range r.commands {
		if c.Name != name || c.Complete == nil {
			continue
		}
		for _, a := range c.Complete(args) {
			found = append(found, kernel.Completion{Text: a})
		}
	}
	return found, cursor - len(args)
}

func completeSetting(prefix string) []string {
	var found []string
	for _, s := range []string{"paging on", "paging off", "hints on", "hints off", "time on", "time off", "lines ", "theme dark", "theme light"} {
		if strings.HasPrefix(s, prefix) {
			found = append(found, s)
		}
	}
	return found
}
