package snippets

import (
	"bytes"
	"strings"
)

// Update gives the notebook's file with the output blocks of the cells in
// outputs (by Cell.N, as Report.Outputs) rewritten. Lines that still match stay
// as they are written, patterns and all. Cells without an output block get
// none: write an empty one where the output is to be checked.
func (nb *Notebook) Update(outputs map[int]string) []byte {
	var out bytes.Buffer
	done := 0
	values := Values{}
	for _, c := range nb.Cells() {
		actual, ran := outputs[c.N]
		if c.Output == nil || !ran {
			continue
		}
		ops, ok := compare(c.Output.Text, actual, values)
		if ok {
			continue
		}
		out.Write(nb.src[done:c.Output.start])
		out.WriteString(nb.block(c.Output, kept(ops)))
		done = c.Output.end
	}
	out.Write(nb.src[done:])
	return out.Bytes()
}

// kept is the new text of an output: what still fits as it was written, and
// what was printed instead of the rest.
func kept(ops []op) []string {
	var text []string
	for _, o := range ops {
		if o.kind != '-' {
			text = append(text, o.text)
		}
	}
	return text
}

// block writes an output block with fences that are longer than any run of
// backticks in it, in the line ends of the file.
func (nb *Notebook) block(o *Output, text []string) string {
	mark := "```"
	for strings.Contains(strings.Join(text, "\n"), mark) {
		mark += "`"
	}
	all := append([]string{mark + "output"}, text...)
	all = append(all, mark, "")
	end := "\n"
	if bytes.Contains(nb.src[o.start:o.end], []byte("\r\n")) {
		end = "\r\n"
	}
	return strings.Join(all, end)
}
