package repl

import (
	"github.com/fatih/color"
)

// class is the part a piece of text plays on the screen; a theme gives each a colour.
type class uint8

const (
	plain class = iota
	promptText
	dimText
	errorText
	keywordText
	stringText
	numberText
	commentText
	titleText
	classes
)

// theme paints text. The zero theme leaves it as it is.
type theme struct {
	paint [classes]*color.Color
}

func newTheme(on bool) theme {
	var t theme
	if !on {
		return t
	}
	for c, attributes := range map[class][]color.Attribute{
		promptText:  {color.FgGreen},
		dimText:     {color.Faint},
		errorText:   {color.FgRed},
		keywordText: {color.FgMagenta},
		stringText:  {color.FgYellow},
		numberText:  {color.FgCyan},
		commentText: {color.Faint},
		titleText:   {color.Bold},
	} {
		t.paint[c] = color.New(attributes...)
		t.paint[c].EnableColor() // whatever the library thinks of os.Stdout: Options.Color decides
	}
	return t
}

func (t theme) text(c class, s string) string {
	if t.paint[c] == nil || s == "" {
		return s
	}
	return t.paint[c].Sprint(s)
}

func (t theme) on() bool { return t.paint[promptText] != nil }
