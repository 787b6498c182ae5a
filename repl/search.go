package repl

import "fmt"

// search is a Ctrl-R search through the history under way.
type search struct {
	text   string
	at     int // the entry found
	before int // entries from here on have been passed by
	found  bool
	saved  lineState // what stood in the line
}

func (s *search) label() string {
	if s.text != "" && !s.found {
		return fmt.Sprintf("no earlier cell with: %s", s.text)
	}
	return fmt.Sprintf("search: %s   (Ctrl-R older, Enter takes it, Ctrl-G gives up)", s.text)
}

// searchKey handles a key during a search and gives what is left to do with it.
func (e *editor) searchKey(key rune) rune {
	s := e.search
	switch {
	case key == keySearch:
		if s.found {
			s.before = s.at
		}
		e.find()
	case key == 0x7f || key == 0x08:
		if runes := []rune(s.text); len(runes) > 0 {
			s.text = string(runes[:len(runes)-1])
		}
		s.before = len(e.hist.entries)
		e.find()
	case key == keyCancel || key == keyInterrupt:
		e.set(s.saved.line, s.saved.cursor)
		e.search = nil
	case key == '\r' || key == keyNewline: // taken into the line; the next Enter runs it
		e.set(e.line, len(e.line))
		e.search = nil
	case key >= 0x20 && (key < newlineRune || key >= keyLast):
		s.text += string(key)
		e.find()
	default: // a cursor key: goes on with what was found
		e.search = nil
		return key
	}
	return noKey
}

// find shows the youngest entry that has the text, beginning at the one shown.
func (e *editor) find() {
	s := e.search
	if s.text == "" {
		s.found = false
		e.set(s.saved.line, s.saved.cursor)
		return
	}
	at, ok := e.hist.find(s.text, s.before)
	s.found = ok
	if !ok {
		return
	}
	s.at = at
	s.before = at + 1
	e.hist.at = at
	text := e.hist.entries[at]
	e.set(encode(text), len([]rune(text)))
}
