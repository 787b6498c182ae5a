package kernel

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"
	"strings"
)

// runtimeFormat lowers a call of fmt.Printf and its kin whose format or whose
// arguments are only known at run time, or that picks arguments by number: the
// host prepares both.
func (l *lowerer) runtimeFormat(x *ast.CallExpr) (string, bool) {
	f := l.callee(x)
	if w := l.wrapperFor(x); w == nil || f.Pkg().Path() == "encoding/json" || strings.Contains(f.Name(), "can") {
		return "", false
	}
	sig := l.typeOf(x.Fun).Underlying().(*types.Signature)
	n := sig.Params().Len()
	if !sig.Variadic() || len(x.Args) < n || len(x.Args) == 1 && isTuple(l.typeOf(x.Args[0])) || !isEmptyInterface(sig.Params().At(n-1).Type().(*types.Slice).Elem()) {
		return "", false
	}
	formats := strings.HasSuffix(f.Name(), "f") && n >= 2
	if !x.Ellipsis.IsValid() && (!formats || l.plainFormat(x.Args[n-2], len(x.Args)-n+1)) {
		return "", false
	}
	format, args := l.k.temp(), l.k.temp()
	var fixed, rest []string
	for i := range n - 1 {
		fixed = append(fixed, l.argument(x, i, true))
	}
	text := `""`
	if formats {
		text, fixed[n-2] = fixed[n-2], format
	}
	for _, a := range x.Args[n-1:] {
		if s := l.expr(a); x.Ellipsis.IsValid() {
			rest = append(rest, s+"...")
		} else {
			rest = append(rest, l.show(s, l.typeOf(a)))
		}
	}
	call := l.called(x.Fun) + "(" + strings.Join(append(fixed, args+"..."), ", ") + ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	head := l.signature(types.NewSignatureType(nil, nil, nil, nil, unnamed(sig.Results()), false), nil)
	return fmt.Sprintf("func%s { %s, %s := rt_.Format(%s, %s); _ = %s; %s }()", head, format, args, text, strings.Join(rest, ", "), format, call), true
}

// plainFormat tells whether a format is a constant that takes so many arguments in
// their order.
func (l *lowerer) plainFormat(x ast.Expr, args int) bool {
	v := l.info.Types[x].Value
	if v == nil || v.Kind() != constant.String {
		return false
	}
	s := constant.StringVal(v)
	return operands(s) == args && (!strings.Contains(s, "[") || !strings.ContainsAny(s, "Tw"))
}

// operands counts what the directives of a format take.
func operands(format string) int {
	n := 0
	for most := 0; ; n = max(n, most) {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			return n
		}
		d := parseDirective(format[i:], most)
		format, most = format[i+len(d.text):], d.next
	}
}

// format prepares what fmt gets: arguments that print as cells know them, and
// for each %T the name of the type as a further argument.
func (h *host) format(format string, args ...any) (string, []any) {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = h.dynamic(a)
	}
	var b strings.Builder
	next, found, reordered := 0, false, false
	plain := format == "" // of Println and its kin
	for len(format) > 0 {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			break
		}
		b.WriteString(format[:i])
		d := parseDirective(format[i:], next)
		format, next = format[i+len(d.text):], d.next
		reordered = reordered || d.numbered
		switch {
		case d.verb == 'T' && d.arg < len(args):
			out = append(out, h.typeName(args[d.arg]))
			b.WriteString("%[" + strconv.Itoa(len(out)) + "]s")
			found = true
		case d.verb == 'w' && d.arg < len(args):
			out[d.arg] = h.asError(args[d.arg])
			b.WriteString(d.text)
		case found && d.verb != '%' && d.verb != 0 && !d.numbered:
			fmt.Fprintf(&b, "%s[%d]%c", d.flags(), d.arg+1, d.verb)
		default:
			b.WriteString(d.text)
		}
	}
	b.WriteString(format)
	if next < len(args) && !reordered && !plain {
		b.WriteString("%%!(EXTRA ")
		for i := next; i < len(args); i++ {
			if i > next {
				b.WriteString(", ")
			}
			if args[i] != nil {
				out = append(out, h.typeName(args[i]))
				fmt.Fprintf(&b, "%%[%d]s=", len(out))
			}
			fmt.Fprintf(&b, "%%[%d]v", i+1)
		}
		b.WriteString(")")
	}
	return b.String(), out
}

// asError gives an error of a session type in a form that the host knows.
func (h *host) asError(v any) any {
	u := unwrap(v)
	if f, _ := h.methodOf(u, "Error"); f != nil {
		return sessionError{h, u}
	}
	return v
}

// directive is one "%..." of a format.
type directive struct {
	text     string
	verb     rune // 0 when there is none
	arg      int  // index of its operand
	numbered bool // says which one itself
	stars    int  // operands before it that are its width and precision
	next     int  // index of the next directive's operand
}

// flags is the directive without its verb, with the numbers of the operands that
// are its width and precision.
func (d directive) flags() string {
	text := d.text[:len(d.text)-len(string(d.verb))]
	if strings.Contains(text, "[") {
		return text
	}
	for i := range d.stars {
		text = strings.Replace(text, "*", "\x00["+strconv.Itoa(d.arg-d.stars+i+1)+"]\x00", 1)
	}
	return strings.NewReplacer("\x00[", "[", "]\x00", "]*").Replace(text)
}

// parseDirective reads the directive at the beginning of s.
func parseDirective(s string, next int) directive {
	d := directive{next: next}
	for i, r := range s[1:] {
		switch {
		case r == '[':
			end := strings.IndexByte(s[1+i:], ']')
			if n, err := strconv.Atoi(s[2+i : 1+i+max(end, 1)]); err == nil && n > 0 {
				d.next, d.numbered = n-1, true
			}
		case r == '*':
			d.next++
			d.stars++
			d.numbered = false
		case strings.ContainsRune("+-# 0123456789.]", r):
		default:
			d.text, d.verb, d.arg = s[:1+i+len(string(r))], r, d.next
			if r != '%' {
				d.next++
			}
			return d
		}
	}
	d.text = s
	return d
}
