package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"mesosbook/kernel"
	"mesosbook/snippets"
)

// storedCell is one line of the cells file: a cell that is about to run, or the
// outcome of the one before.
type storedCell struct {
	Time    time.Time      `json:"t"`
	Code    string         `json:"code,omitempty"`
	Outcome *storedOutcome `json:"outcome,omitempty"`
}

// storedOutcome tells how a cell ended.
type storedOutcome struct {
	Output string `json:"output,omitempty"` // what it printed and showed
	Cut    bool   `json:"cut,omitempty"`    // output is not all of it
	Failed bool   `json:"failed,omitempty"`
	Dry    bool   `json:"dry,omitempty"` // it made calls that were not sent
}

// openCells takes the directory for this process, as long as the file is open.
func (st *store) openCells() error {
	f, err := os.OpenFile(filepath.Join(st.dir, storeCellsName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep the cells: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("session %s is in use by another mesosbook; end that one, or take another name", st.name())
	}
	st.cells = f
	return nil
}

// begin keeps a cell before it runs.
func (st *store) begin(code string) error { return st.write(storedCell{Code: code}) }

// end keeps how the cell that began last has ended.
func (st *store) end(out storedOutcome) error { return st.write(storedCell{Outcome: &out}) }

func (st *store) write(c storedCell) error {
	c.Time = time.Now().UTC()
	line, err := json.Marshal(c)
	if err == nil {
		_, err = st.cells.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep the cell: %w", err)
	}
	return nil
}

// records gives the cells kept so far; a torn last line is left out, and a cell
// without an outcome, which the program did not outlive, counts as failed.
func (st *store) records() ([]snippets.Record, error) {
	f, err := os.Open(filepath.Join(st.dir, storeCellsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the cells: %w", err)
	}
	defer f.Close()
	var cells []snippets.Record
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), maxEvalLine)
	for lines.Scan() {
		var c storedCell
		switch err := json.Unmarshal(lines.Bytes(), &c); {
		case err != nil:
		case c.Code != "":
			cells = append(cells, snippets.Record{Code: strings.Trim(c.Code, "\n"), Failed: true})
		case c.Outcome != nil && len(cells) > 0:
			last := &cells[len(cells)-1]
			last.Output, last.Cut, last.Failed, last.Dry = c.Outcome.Output, c.Outcome.Cut, c.Outcome.Failed, c.Outcome.Dry
		}
	}
	if err := lines.Err(); err != nil {
		return cells, fmt.Errorf("read the cells: %w", err)
	}
	return cells, nil
}

// maxKeptOutput bytes of what a cell prints are kept.
const maxKeptOutput = 256 << 10

// keptOutput collects the beginning of what a cell prints. Any goroutine may use it.
type keptOutput struct {
	mu   sync.Mutex
	text strings.Builder
	cut  bool
}

func (k *keptOutput) write(o kernel.Output) {
	if o.Late {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	room := maxKeptOutput - k.text.Len()
	k.cut = k.cut || len(o.Text) > room
	k.text.WriteString(o.Text[:min(len(o.Text), room)])
}

// take gives what was collected, and whether that is not all, and begins anew.
func (k *keptOutput) take() (text string, cut bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	text, cut = strings.ToValidUTF8(k.text.String(), "\uFFFD"), k.cut
	k.text.Reset()
	k.cut = false
	return text, cut
}
