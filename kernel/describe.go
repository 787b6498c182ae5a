package kernel

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// maxText is how many bytes of a value a Description shows.
const maxText = 2000

// Describe tells what expr is: a name, a field path, a package member, or any
// other expression, of which only the type is found. Nothing is run, except
// for methods that print a value. The error says why expr has no meaning.
func (k *Kernel) Describe(expr string) (Description, error) {
	k.run.Lock()
	defer k.run.Unlock()
	expr = strings.TrimSpace(expr)
	if d, ok := k.describeName(expr); ok {
		return k.plain.of(d), nil
	}
	u := k.parse(k.cell+1, expr)
	c := k.check(u)
	if len(u.errs) > 0 && !(len(u.stmts) == 1 && c.isType(u.stmts[0])) {
		return Description{}, fmt.Errorf("describe %s: %s", expr, u.errs[0].Message)
	}
	if len(u.stmts) != 1 {
		return Description{}, fmt.Errorf("describe %s: not an expression", expr)
	}
	x, ok := u.stmts[0].node.(*ast.ExprStmt)
	if !ok {
		return Description{}, fmt.Errorf("describe %s: not an expression", expr)
	}
	d := Description{Name: expr, Type: types.TypeString(c.info.TypeOf(x.X), shortPkg)}
	if sel, ok := ast.Unparen(x.X).(*ast.SelectorExpr); ok {
		if o := c.info.Uses[sel.Sel]; o != nil {
			d.Type = declaration(o)
		}
	}
	if v := k.valueOf(x.X); v.IsValid() {
		d.Text = k.text(v, c.info.TypeOf(x.X))
	}
	return k.plain.of(d), nil
}

// isType: "T is not an expression" is the one error that a type gives.
func (c *checked) isType(t *topStmt) bool {
	x, ok := t.node.(*ast.ExprStmt)
	if !ok || c.info == nil {
		return false
	}
	tv := c.info.Types[x.X]
	return tv.IsType()
}

// describeName describes a bare name.
func (k *Kernel) describeName(name string) (Description, bool) {
	if e := k.ses.entries[name]; e != nil {
		return k.describeEntry(e), true
	}
	if o := k.helper(name); o != nil {
		d := Description{Name: name, Type: declaration(o)}
		if k.opts.Doc != nil {
			d.Doc = k.opts.Doc(name)
		}
		if v := k.opts.Names[name]; v.IsValid() && isVar(o) {
			for v.Kind() == reflect.Pointer && !v.CanAddr() {
				v = v.Elem()
			}
			d.Text = k.text(v, o.Type())
		}
		return d, true
	}
	path := k.ses.imports[name]
	if paths := k.imp.Paths(name); path == "" && len(paths) > 0 {
		path = preferred(name, paths)
	}
	if path != "" {
		return Description{Name: name, Type: "package " + path}, true
	}
	if o := types.Universe.Lookup(name); o != nil {
		return Description{Name: name, Type: detail(o)}, true
	}
	return Description{}, false
}

func isVar(o types.Object) bool {
	_, ok := o.(*types.Var)
	return ok
}

func (k *Kernel) describeEntry(e *entry) Description {
	d := Description{Name: e.name, Doc: e.doc, Cell: e.cell}
	if e.broken != nil {
		d.Type = e.kind.String()
		d.Doc = strings.TrimSpace(e.doc + "\nno longer compiles: " + e.broken.Message)
		return d
	}
	d.Type = declaration(e.obj)
	if v := k.live(e.name); v.IsValid() {
		d.Text = k.text(v, e.obj.Type())
	}
	return d
}

// declaration spells what o is with its type: of a type, what it is made of
// and its methods.
func declaration(o types.Object) string {
	switch o := o.(type) {
	case *types.TypeName:
		text := types.TypeString(o.Type().Underlying(), shortPkg)
		if st := structOf(o.Type()); st != nil {
			text = structText(st)
		}
		out := "type " + o.Name() + " " + text
		if n, ok := types.Unalias(o.Type()).(*types.Named); ok {
			for i := range n.NumMethods() {
				m := n.Method(i)
				if m.Exported() || m.Pkg().Path() == "main" {
					out += "\nfunc (" + types.TypeString(m.Signature().Recv().Type(), shortPkg) + ") " + m.Name() + strings.TrimPrefix(types.TypeString(m.Type(), shortPkg), "func")
				}
			}
		}
		return out
	case *types.Func:
		return "func " + o.Name() + strings.TrimPrefix(types.TypeString(o.Type(), shortPkg), "func")
	case *types.Const:
		return "const " + types.TypeString(o.Type(), shortPkg) + " = " + o.Val().String()
	}
	return types.TypeString(o.Type(), shortPkg)
}

// structText spells a struct a field a line; fields that cells cannot reach
// are left out.
func structText(st *types.Struct) string {
	var b strings.Builder
	b.WriteString("struct {")
	for i := range st.NumFields() {
		f := st.Field(i)
		if !f.Exported() && f.Pkg() != nil && f.Pkg().Path() != "main" {
			continue
		}
		b.WriteString("\n\t")
		if !f.Embedded() {
			b.WriteString(f.Name() + " ")
		}
		b.WriteString(types.TypeString(f.Type(), shortPkg))
	}
	return b.String() + "\n}"
}

// valueOf finds the value of a variable or of a field of one, without running
// anything.
func (k *Kernel) valueOf(x ast.Expr) reflect.Value {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return k.live(x.Name)
	case *ast.SelectorExpr:
		v := k.valueOf(x.X)
		for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
			v = v.Elem()
		}
		if v.IsValid() && v.Kind() == reflect.Struct {
			if f := v.FieldByName(x.Sel.Name); f.IsValid() {
				return f
			}
			return v.FieldByName("X" + x.Sel.Name)
		}
	}
	return reflect.Value{}
}

// text prints a value for people, clipped.
func (k *Kernel) text(v reflect.Value, t types.Type) (s string) {
	defer func() {
		if p := recover(); p != nil { // a String method of a cell
			s = fmt.Sprintf("(printing it panics: %s)", k.host.panicText(p))
		}
	}()
	if !v.IsValid() || !v.CanInterface() {
		return ""
	}
	if b, ok := v.Interface().(fmt.Stringer); ok && v.Kind() == reflect.Struct {
		s = b.String()
	} else if t != nil && inSession(t) {
		s = fmt.Sprint(k.host.typed(v.Interface(), k.host.typeID(t)))
	} else {
		s = fmt.Sprint(k.host.dynamic(v.Interface()))
	}
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "..."
	}
	return s
}

// Names lists the live names of the session, sorted. A variable of a basic
// type comes with its value, a list or map with its length.
func (k *Kernel) Names() []Description {
	k.run.Lock()
	defer k.run.Unlock()
	globals := k.interp.Globals()
	var out []Description
	for _, e := range k.ses.entries {
		if strings.Contains(e.name, "__") {
			continue
		}
		d := Description{Name: e.name, Doc: e.doc, Cell: e.cell, Type: e.kind.String()}
		if e.broken == nil {
			d.Type = summary(e.obj)
		}
		if e.kind == entryVar {
			d.Text = short(globals[e.slot])
		}
		out = append(out, k.plain.of(d))
	}
	slices.SortFunc(out, byName)
	return out
}

func summary(o types.Object) string {
	if t, ok := o.(*types.TypeName); ok {
		return "type " + underlyingText(t)
	}
	if _, ok := o.(*types.Func); ok {
		return types.TypeString(o.Type(), shortPkg)
	}
	return declaration(o)
}

// short tells a basic value, or how long a container is.
func short(v reflect.Value) string {
	if !v.IsValid() {
		return ""
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Chan, reflect.Array:
		return fmt.Sprintf("len %d", v.Len())
	case reflect.String:
		s := v.String()
		if len(s) > 60 {
			s = strings.ToValidUTF8(s[:60], "") + "..."
		}
		return fmt.Sprintf("%q", s)
	}
	if v.CanInt() || v.CanUint() || v.CanFloat() || v.Kind() == reflect.Bool {
		return fmt.Sprint(v)
	}
	return ""
}
