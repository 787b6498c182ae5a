package repl

import (
	"strings"
	"unicode/utf8"
)

// Keys that readline does not know, or does otherwise than we want, travel to
// the editor as private-use runes. newlineRune and tabless text aside they
// never reach the line.
const (
	newlineRune rune = 0xE00A + iota // a line end inside the cell, as readline's buffer holds it
	keyNewline                       // Alt-Enter, Ctrl-J: a new line whatever the cell looks like
	keyPaste                         // a bracketed paste: its text waits in keyDecoder.pastes
	keyHome
	keyEnd
	keyUp
	keyDown
	keyTextStart
	keyTextEnd
	keyWordLeft
	keyWordRight
	keyDelete
	keyKill
	keyKillFront
	keyKillWord
	keyKillWordRight
	keyYank
	keyUndo
	keyTab
	keyBackTab
	keySearch
	keyCancel
	keyInterrupt
	keyEOF
	keySuspend
	keyRedraw
	keyEditor
	keyLast
)

var controls = map[byte]rune{
	0x01: keyHome, 0x03: keyInterrupt, 0x04: keyEOF, 0x05: keyEnd, 0x07: keyCancel,
	0x09: keyTab, 0x0a: keyNewline, 0x0b: keyKill, 0x0c: keyRedraw, 0x0e: keyDown,
	0x10: keyUp, 0x12: keySearch, 0x15: keyKillFront, 0x17: keyKillWord, 0x19: keyYank,
	0x1a: keySuspend, 0x1f: keyUndo,
}

// sequences are what terminals send after ESC, tmux, screen and rxvt included.
var sequences = map[string]rune{
	"\r": keyNewline, "\n": keyNewline,
	"b": keyWordLeft, "f": keyWordRight, "d": keyKillWordRight, "\x7f": keyKillWord, "\b": keyKillWord,
	"<": keyTextStart, ">": keyTextEnd, "e": keyEditor, "E": keyEditor,
	"[A": keyUp, "[B": keyDown, "[C": 0x06, "[D": 0x02, "[H": keyHome, "[F": keyEnd, "[Z": keyBackTab,
	"OA": keyUp, "OB": keyDown, "OC": 0x06, "OD": 0x02, "OH": keyHome, "OF": keyEnd, "OM": '\r',
	"[1~": keyHome, "[7~": keyHome, "[4~": keyEnd, "[8~": keyEnd, "[3~": keyDelete,
	"[1;5C": keyWordRight, "[1;3C": keyWordRight, "[1;5D": keyWordLeft, "[1;3D": keyWordLeft,
	"Oc": keyWordRight, "Od": keyWordLeft, "[5C": keyWordRight, "[5D": keyWordLeft,
	"[3;5~": keyKillWordRight, "[3;3~": keyKillWordRight,
	"[1;5H": keyTextStart, "[1;5F": keyTextEnd, "[13;2u": keyNewline, "[27;2;13~": keyNewline,
}

const (
	pasteStart = "[200~"
	pasteEnd   = "\x1b[201~"
)

// keyDecoder turns the bytes of a terminal into runes for readline: escape
// sequences and control characters become the key runes above, unknown ones
// vanish. It keeps its state between reads, so a sequence may arrive in pieces.
type keyDecoder struct {
	seq      []byte // an escape sequence begun, from ESC on
	utf8     []byte // a character begun
	paste    []byte // the paste so far
	inside   bool   // between pasteStart and pasteEnd
	pastes   chan string
	answered func(text string) // gets what the terminal says in an OSC; nil drops it
}

const (
	maxPaste    = 4 << 20 // bytes of one paste that are kept
	maxSequence = 32      // bytes after which an escape sequence is given up
	maxAnswer   = 64      // bytes of an OSC after which it is given up
)

// decode appends to out what the bytes of in mean.
func (d *keyDecoder) decode(out, in []byte) []byte {
	for _, b := range in {
		if r, ok := d.next(b); ok {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

func (d *keyDecoder) next(b byte) (rune, bool) {
	switch {
	case d.inside:
		return d.nextOfPaste(b)
	case len(d.seq) > 0:
		return d.nextOfSequence(b)
	case b == 0x1b:
		d.seq = append(d.seq[:0], b)
		return 0, false
	case b < 0x20 || b == 0x7f:
		d.utf8 = d.utf8[:0]
		return controlKey(b)
	}
	d.utf8 = append(d.utf8, b)
	if !utf8.FullRune(d.utf8) {
		return 0, false
	}
	r, _ := utf8.DecodeRune(d.utf8)
	d.utf8 = d.utf8[:0]
	return r, r < newlineRune || r >= keyLast
}

func controlKey(b byte) (rune, bool) {
	if key, ok := controls[b]; ok {
		return key, true
	}
	switch b {
	case '\r', 0x02, 0x06, 0x08, 0x14, 0x7f: // readline's own
		return rune(b), true
	}
	return 0, false
}

func (d *keyDecoder) nextOfSequence(b byte) (rune, bool) {
	if len(d.seq) > 1 && d.seq[1] == ']' {
		if isDigit := b >= '0' && b <= '9'; len(d.seq) == 2 && !isDigit || b == '\r' {
			d.seq = d.seq[:0] // somebody typed Alt-]
			return d.next(b)
		}
		d.nextOfAnswer(b)
		return 0, false
	}
	if b == 0x1b { // ESC ESC: only the last one counts
		d.seq = d.seq[:1]
		return 0, false
	}
	d.seq = append(d.seq, b)
	seq := string(d.seq[1:])
	if !sequenceEnded(seq) && len(seq) < maxSequence {
		return 0, false
	}
	d.seq = d.seq[:0]
	if seq == pasteStart {
		d.inside, d.paste = true, nil
		return 0, false
	}
	key, ok := sequences[seq]
	return key, ok
}

// nextOfAnswer takes a byte of an operating system command (ESC ]), which ends with
// BEL or ESC \.
func (d *keyDecoder) nextOfAnswer(b byte) {
	text := string(d.seq[2:])
	body, ended := strings.CutSuffix(text, "\x1b")
	d.seq = append(d.seq, b)
	switch {
	case b == 0x07:
		body = text
	case b == '\\' && ended:
	case ended: // some other sequence: the command was cut off
		d.seq = append(d.seq[:0], 0x1b, b)
		return
	case len(text) < maxAnswer:
		return
	default:
		body = ""
	}
	d.seq = d.seq[:0]
	if d.answered != nil && body != "" {
		d.answered(body)
	}
}

// sequenceEnded follows ECMA-48: CSI sequences end with a byte from @ to ~,
// SS3 ones with the byte after O, others at once.
func sequenceEnded(seq string) bool {
	last := seq[len(seq)-1]
	switch seq[0] {
	case '[':
		return len(seq) > 1 && last >= 0x40 && last <= 0x7e
	case 'O':
		return len(seq) > 1
	case ']':
		return false // nextOfAnswer ends it
	}
	return true
}

func (d *keyDecoder) nextOfPaste(b byte) (rune, bool) {
	d.paste = append(d.paste, b)
	if b != '~' || !strings.HasSuffix(string(d.paste[max(0, len(d.paste)-len(pasteEnd)):]), pasteEnd) {
		if len(d.paste) > maxPaste {
			d.paste = d.paste[:maxPaste]
		}
		return 0, false
	}
	d.inside = false
	text := cleanPaste(string(d.paste[:len(d.paste)-len(pasteEnd)]))
	d.paste = nil
	if text == "" {
		return 0, false
	}
	select {
	case d.pastes <- text:
		return keyPaste, true
	default: // dozens of pastes that nobody has read yet
		return 0, false
	}
}

// cleanPaste gives pasted text Go's line ends and drops what cannot be typed.
func cleanPaste(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= 0x20 && r != 0x7f && (r < newlineRune || r >= keyLast) {
			return r
		}
		return -1
	}, s)
}
