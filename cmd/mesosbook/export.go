package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mesosbook/session"
	"mesosbook/snippets"
)

type exportFlags struct {
	output           string
	all, force, list bool
}

func exportCommand(std stdio) *cobra.Command {
	var flags exportFlags
	c := &cobra.Command{
		Use:   "export [SESSION]",
		Short: "Write the cells of a kept session as a notebook",
		Long: `Writes the cells of a session that was kept, the last one when none is named, as
a notebook in Markdown: each cell with what it printed, with patterns in place of
what changes from run to run. "mesosbook run --check" replays it.

Cells that failed and those of a dry run are left out without --all.`,
		Example: `  mesosbook export --list
  mesosbook export -o demo.md
  mesosbook export demo | less`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSession,
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := sessionsDir()
			if err != nil {
				return err
			}
			if flags.list {
				return listStores(dir, std.out)
			}
			st, err := exported(dir, args)
			if err != nil {
				return err
			}
			return flags.export(st, std)
		},
	}
	c.Flags().StringVarP(&flags.output, "output", "o", "", "write to this file instead of standard output")
	c.Flags().BoolVarP(&flags.all, "all", "a", false, "also the cells that failed, and those of a dry run")
	c.Flags().BoolVarP(&flags.force, "force", "f", false, "overwrite the file of --output")
	c.Flags().BoolVarP(&flags.list, "list", "l", false, "list the kept sessions instead")
	return c
}

// exported finds the session to export.
func exported(dir string, args []string) (*store, error) {
	kept := storesByAge(dir)
	if len(args) == 0 {
		if len(kept) == 0 {
			return nil, fmt.Errorf("export: no session is kept in %s", dir)
		}
		return &store{dir: filepath.Join(dir, kept[len(kept)-1])}, nil
	}
	if err := checkStoreName(args[0]); err != nil {
		return nil, err
	}
	if !slices.Contains(kept, args[0]) {
		return nil, noSuchStore("export", dir, args[0])
	}
	return &store{dir: filepath.Join(dir, args[0])}, nil
}

func (f exportFlags) export(st *store, std stdio) error {
	cells, err := st.records()
	if err != nil {
		return fmt.Errorf("export %s: %w", st.name(), err)
	}
	text, saved, left := snippets.Write(st.name(), cells, f.all)
	if left != "" {
		left += " (--all keeps them)"
	}
	if saved == 0 {
		return fmt.Errorf("export %s: there are no cells to write%s", st.name(), left)
	}
	if f.output == "" {
		if _, err := std.out.Write(text); err != nil {
			return fmt.Errorf("export %s: %w", st.name(), err)
		}
		return nil
	}
	if err := writeNew(f.output, text, f.force); err != nil {
		return fmt.Errorf("export %s: %w", st.name(), err)
	}
	fmt.Fprintf(std.err, "wrote %s of session %s to %s%s\n", counted(saved, "cell"), st.name(), f.output, left)
	return nil
}

// writeNew writes a file that must not be there yet, unless by force.
func writeNew(name string, text []byte, force bool) error {
	mode := os.O_CREATE | os.O_WRONLY | os.O_EXCL
	if force {
		mode = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	f, err := os.OpenFile(name, mode, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; --force overwrites it", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// listStores prints the kept sessions, the one used last at the end.
func listStores(dir string, out io.Writer) error {
	kept := storesByAge(dir)
	if len(kept) == 0 {
		fmt.Fprintf(out, "no session is kept in %s\n", dir)
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SESSION\tLAST USED\tCELLS\tMASTER\tFRAMEWORK")
	for _, name := range kept {
		st := &store{dir: filepath.Join(dir, name)}
		cells, err := st.records()
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", name, st.used().Format("2006-01-02 15:04"), len(cells), st.where(), st.framework())
	}
	return w.Flush()
}

// used is when the last cell of the session ran.
func (st *store) used() time.Time {
	info, err := os.Stat(filepath.Join(st.dir, storeCellsName))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (st *store) where() string {
	if master := st.master(); master != "" {
		return master
	}
	return "embedded"
}

// framework tells what --resume would go on with.
func (st *store) framework() string {
	id, err := session.Resumable(st.dir)
	switch {
	case err == nil:
		return string(id)
	case id != "":
		return "torn down"
	}
	return "none"
}
