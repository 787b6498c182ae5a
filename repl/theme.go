package repl

import (
	"strconv"
	"strings"
	"sync/atomic"

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

// The themes that `:set theme` knows.
const (
	dark  = "dark"
	light = "light"
)

// theme paints text. The zero theme leaves it as it is. Copies of a theme change
// together; any goroutine may use it.
type theme struct {
	*palettes
}

// palettes are the colours for dark and for light windows.
type palettes struct {
	dark, light [classes]*color.Color
	isLight     atomic.Bool
}

func newTheme(on, isLight bool) theme {
	if !on {
		return theme{}
	}
	p := &palettes{
		dark: paints(map[class][]color.Attribute{
			promptText:  {color.FgGreen},
			dimText:     {color.Faint},
			errorText:   {color.FgRed},
			keywordText: {color.FgMagenta},
			stringText:  {color.FgYellow},
			numberText:  {color.FgCyan},
			commentText: {color.Faint},
			titleText:   {color.Bold},
		}),
		// Of the 256 colours those that stand out from white by 4.5 to 1 or more:
		// the usual green, yellow and cyan are hardly seen there.
		light: paints(map[class][]color.Attribute{
			promptText:  {38, 5, 28},
			dimText:     {38, 5, 242},
			errorText:   {38, 5, 160},
			keywordText: {38, 5, 90},
			stringText:  {38, 5, 94},
			numberText:  {38, 5, 25},
			commentText: {38, 5, 242},
			titleText:   {color.Bold},
		}),
	}
	p.isLight.Store(isLight)
	return theme{p}
}

func paints(attributes map[class][]color.Attribute) (paint [classes]*color.Color) {
	for c, a := range attributes {
		paint[c] = color.New(a...)
		paint[c].EnableColor() // whatever the library thinks of os.Stdout: Options.Color decides
	}
	return paint
}

func (t theme) text(c class, s string) string {
	if t.palettes == nil || s == "" {
		return s
	}
	paint := t.dark[c]
	if t.isLight.Load() {
		paint = t.light[c]
	}
	if paint == nil {
		return s
	}
	return paint.Sprint(s)
}

func (t theme) on() bool { return t.palettes != nil }

// onLight tells whether the colours are those for a light window.
func (t theme) onLight() bool { return t.on() && t.isLight.Load() }

func (t theme) setLight(isLight bool) {
	if t.on() {
		t.isLight.Store(isLight)
	}
}

func (t theme) name() string {
	switch {
	case !t.on():
		return "none"
	case t.onLight():
		return light
	}
	return dark
}

// askBackground makes a terminal tell the colour of its background: xterm's control
// sequences, OSC 11. Those that do not know it keep silent.
const askBackground = "\x1b]11;?\a"

// isLightBackground reads the answer to askBackground, such as
// "11;rgb:ffff/ffff/dddd"; ok is false for any other text.
func isLightBackground(answer string) (isLight, ok bool) {
	_, values, found := strings.Cut(answer, "11;rgb")
	_, values, colon := strings.Cut(values, ":")
	parts := strings.Split(values, "/")
	if !found || !colon || len(parts) < 3 {
		return false, false
	}
	brightness := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} { // of ITU-R BT.709
		n, err := strconv.ParseUint(parts[i], 16, 16)
		if err != nil || parts[i] == "" {
			return false, false
		}
		brightness += weight * float64(n) / float64(uint(1)<<(4*len(parts[i]))-1)
	}
	return brightness > 0.5, true
}
