package repl

import (
	"strings"
	"unicode"
)

// editKeys are the editing keys that the editor does itself.
var editKeys = map[rune]func(*editor){
	keyNewline:       (*editor).newline,
	keyHome:          func(e *editor) { e.move(lineStart(e.line, e.cursor)) },
	keyEnd:           func(e *editor) { e.move(lineEnd(e.line, e.cursor)) },
	keyTextStart:     func(e *editor) { e.move(0) },
	keyTextEnd:       func(e *editor) { e.move(len(e.line)) },
	keyUp:            (*editor).up,
	keyDown:          (*editor).down,
	keyWordLeft:      func(e *editor) { e.move(wordLeft(e.line, e.cursor)) },
	keyWordRight:     func(e *editor) { e.move(wordRight(e.line, e.cursor)) },
	keyDelete:        func(e *editor) { e.delete(e.cursor, e.cursor+1, false) },
	keyKillWord:      func(e *editor) { e.delete(wordLeft(e.line, e.cursor), e.cursor, true) },
	keyKillWordRight: func(e *editor) { e.delete(e.cursor, wordRight(e.line, e.cursor), true) },
	keyKillFront:     func(e *editor) { e.delete(lineStart(e.line, e.cursor), e.cursor, true) },
	keyKill:          (*editor).kill,
	keyYank:          func(e *editor) { e.insert(decode(e.killed)) },
	keyUndo:          (*editor).undoLast,
}

func (e *editor) state() lineState { return lineState{append([]rune(nil), e.line...), e.cursor} }

// set replaces the line once readline is done with the key.
func (e *editor) set(line []rune, cursor int) {
	e.pending = &lineState{append([]rune(nil), line...), min(max(cursor, 0), len(line))}
}

func (e *editor) move(cursor int) { e.set(e.line, cursor) }

func (e *editor) insert(text string) {
	in := encode(text)
	line := append(append(append([]rune(nil), e.line[:e.cursor]...), in...), e.line[e.cursor:]...)
	e.set(line, e.cursor+len(in))
}

// delete removes the runes from up to to; keep puts them where Ctrl-Y finds them.
func (e *editor) delete(from, to int, keep bool) {
	to = min(to, len(e.line))
	if from >= to {
		return
	}
	if keep {
		e.killed = append([]rune(nil), e.line[from:to]...)
	}
	e.set(append(append([]rune(nil), e.line[:from]...), e.line[to:]...), from)
}

// kill removes the rest of the line, or the line end when there is no rest.
func (e *editor) kill() {
	end := lineEnd(e.line, e.cursor)
	if end == e.cursor {
		end++
	}
	e.delete(e.cursor, end, true)
}

// newline breaks the line and indents the new one: as the old one, and a tab
// more after an opening bracket.
func (e *editor) newline() {
	start := lineStart(e.line, e.cursor)
	before := string(e.line[start:e.cursor])
	indent := before[:len(before)-len(strings.TrimLeft(before, "\t "))]
	if trimmed := strings.TrimRight(before, " \t"); trimmed != "" && strings.ContainsRune("{([", rune(trimmed[len(trimmed)-1])) {
		indent += "\t"
	}
	e.insert("\n" + indent)
}

// dedent writes a closing bracket that begins its line a tab further left.
func (e *editor) dedent(bracket rune) bool {
	start := lineStart(e.line, e.cursor)
	if start == 0 || e.cursor == start || strings.Trim(string(e.line[start:e.cursor]), "\t") != "" {
		return false
	}
	line := append(append([]rune(nil), e.line[:e.cursor-1]...), bracket)
	e.set(append(line, e.line[e.cursor:]...), e.cursor)
	return true
}

// up moves to the line above, or to the history from the first one.
func (e *editor) up() {
	start := lineStart(e.line, e.cursor)
	if start > 0 {
		e.moveTo(lineStart(e.line, start-1))
		return
	}
	if text, ok := e.hist.back(decode(e.line)); ok {
		e.set(encode(text), len([]rune(text)))
	}
}

// down moves to the line below, or to the history from the last one.
func (e *editor) down() {
	end := lineEnd(e.line, e.cursor)
	if end < len(e.line) {
		e.moveTo(end + 1)
		return
	}
	if text, ok := e.hist.forward(); ok {
		e.set(encode(text), len([]rune(text)))
	}
}

// moveTo puts the cursor into the line that starts at start, in the column
// where the first Up or Down of a row of them began.
func (e *editor) moveTo(start int) {
	if e.column < 0 {
		e.column = e.cursor - lineStart(e.line, e.cursor)
	}
	e.move(min(start+e.column, lineEnd(e.line, start)))
}

// maxUndo states are kept for Ctrl-_.
const maxUndo = 200

// remember keeps the line as it was before the change that was just made.
func (e *editor) remember() {
	if len(e.undo) >= maxUndo {
		e.undo = append(e.undo[:0], e.undo[1:]...)
	}
	e.undo = append(e.undo, e.state())
}

func (e *editor) undoLast() {
	if len(e.undo) == 0 {
		return
	}
	last := e.undo[len(e.undo)-1]
	e.undo = e.undo[:len(e.undo)-1]
	e.set(last.line, last.cursor)
	e.line = e.pending.line // so that undoing is not itself remembered
}

// external hands the cell to the user's editor.
func (e *editor) external() {
	text, err := e.hooks.edit(decode(e.line))
	if err != nil {
		e.hooks.notice(err.Error())
		return
	}
	e.set(encode(text), len([]rune(text)))
}

func lineStart(line []rune, cursor int) int {
	for cursor > 0 && line[cursor-1] != newlineRune {
		cursor--
	}
	return cursor
}

func lineEnd(line []rune, cursor int) int {
	for cursor < len(line) && line[cursor] != newlineRune {
		cursor++
	}
	return cursor
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func wordLeft(line []rune, cursor int) int {
	for cursor > 0 && !isWord(line[cursor-1]) {
		cursor--
	}
	for cursor > 0 && isWord(line[cursor-1]) {
		cursor--
	}
	return cursor
}

func wordRight(line []rune, cursor int) int {
	for cursor < len(line) && !isWord(line[cursor]) {
		cursor++
	}
	for cursor < len(line) && isWord(line[cursor]) {
		cursor++
	}
	return cursor
}
