package kernel

import (
	"fmt"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"mesosbook/kernel/internal/hosttypes"
)

// typ spells t with the names that it has inside the interpreter.
func (l *lowerer) typ(t types.Type) string { return l.spell(l.sub(t)) }

func (l *lowerer) sub(t types.Type) types.Type {
	if t == nil || len(l.subst) == 0 {
		return t
	}
	return substitute(t, l.subst)
}

// typeOf is the type of an expression with type parameters replaced.
func (l *lowerer) typeOf(x exprNode) types.Type { return l.sub(l.info.TypeOf(x)) }

func (lw *lowering) spell(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if t.Info()&types.IsUntyped != 0 {
			return types.Default(t).String()
		}
		return t.Name()
	case *types.Named:
		return lw.spellNamed(t)
	case *types.Pointer:
		return "*" + lw.spell(t.Elem())
	case *types.Slice:
		return "[]" + lw.spell(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), lw.spell(t.Elem()))
	case *types.Map:
		if i, ok := t.Key().Underlying().(*types.Interface); ok && i.NumMethods() > 0 && (lw.isSessionType(t.Key()) || types.Unalias(t.Key()) == types.Type(i)) {
			panic(unsupportedType("a map with keys of the interface type " + types.TypeString(t.Key(), shortPkg) + " (keys of type any work)"))
		}
		return "map[" + lw.spell(t.Key()) + "]" + lw.spell(t.Elem())
	case *types.Chan:
		pre := map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}[t.Dir()]
		return pre + "(" + lw.spell(t.Elem()) + ")"
	case *types.Signature:
		return "func" + lw.signature(t, nil)
	case *types.Struct:
		return lw.spellStruct(t, 0)
	case *types.Interface:
		return lw.spellInterface(t)
	}
	return "interface{}"
}

// unsupportedType is what lowering panics with for a type that Yaegi would get
// wrong.
type unsupportedType string

func (lw *lowering) spellNamed(t *types.Named) string {
	o := t.Obj()
	switch {
	case o.Pkg() == nil:
		return o.Name() // error
	case hosttypes.IsSource(o.Pkg().Path()) && t.NumMethods() == 0:
		return lw.spell(t.Underlying())
	case t.TypeArgs().Len() > 0:
		return lw.typeInstance(t)
	case lw.slot(o) != "":
		return lw.slot(o)
	case o.Pkg().Path() == "main": // local to a function
		return o.Name()
	case lw.k.imp.Exports(o.Pkg().Path(), o.Name()):
		return lw.alias(o.Pkg().Path()) + "." + o.Name()
	}
	rt, ok := lw.k.imp.Reflect(o)
	if !ok {
		return "interface{}"
	}
	return lw.k.hostType(rt)
}

// hostType names a host type that no symbol table exports.
func (k *Kernel) hostType(rt reflect.Type) string {
	n, ok := k.hostTypes[rt]
	if !ok {
		n = "T" + strconv.Itoa(len(k.hostTypes))
		k.hostTypes[rt] = n
		k.use("hosttypes/hosttypes", map[string]reflect.Value{n: reflect.Zero(reflect.PointerTo(rt))})
	}
	return "xt_." + n
}

// spellStruct spells a struct type. Embedded fields become plain fields of the
// same name: every promotion is written out. The tag of the first field carries
// the number of the type in the host's table: it keeps types with the same
// fields apart and tells the printer what it looks at.
func (lw *lowering) spellStruct(t *types.Struct, tag int) string {
	var b strings.Builder
	b.WriteString("struct{")
	for i := range t.NumFields() {
		f, ft := t.Field(i), t.Tag(i)
		if tag > 0 && i == 0 {
			ft = strings.TrimSpace(ft + fmt.Sprintf(` %s:"%d"`, tagKey, tag))
		}
		if tag > 0 && !f.Exported() && !strings.Contains(ft, "json:") {
			ft = strings.TrimSpace(ft + ` json:"-"`)
		}
		b.WriteString(f.Name() + " " + lw.spell(f.Type()))
		if ft != "" {
			b.WriteString(" " + strconv.Quote(ft))
		}
		b.WriteString("; ")
	}
	if tag > 0 && t.NumFields() == 0 {
		fmt.Fprintf(&b, "_ struct{} %s", strconv.Quote(fmt.Sprintf(`json:"-" %s:"%d"`, tagKey, tag)))
	}
	return b.String() + "}"
}

// spellInterface writes all methods out: Yaegi trips over embedded interfaces.
func (lw *lowering) spellInterface(t *types.Interface) string {
	var b strings.Builder
	b.WriteString("interface{")
	for i := range t.NumMethods() {
		m := t.Method(i)
		b.WriteString(m.Name() + lw.signature(m.Signature(), nil) + "; ")
	}
	return b.String() + "}"
}

// signature spells parameters and results; names, when given, are those of the
// parameters, and named results keep theirs.
func (lw *lowering) signature(s *types.Signature, names []string) string {
	var in, res []string
	for i := range s.Params().Len() {
		t := s.Params().At(i).Type()
		text := lw.spell(t)
		if s.Variadic() && i == s.Params().Len()-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
		}
		if names != nil {
			text = names[i] + " " + text
		}
		in = append(in, text)
	}
	for i := range s.Results().Len() {
		r := s.Results().At(i)
		text := lw.spell(r.Type())
		if names != nil && r.Name() != "" {
			text = r.Name() + " " + text
		}
		res = append(res, text)
	}
	out := "(" + strings.Join(in, ", ") + ")"
	if len(res) > 0 {
		out += " (" + strings.Join(res, ", ") + ")"
	}
	return out
}

// header spells a signature with its parameters' names.
func (lw *lowering) header(s *types.Signature) string {
	names := []string{}
	for i := range s.Params().Len() {
		n := s.Params().At(i).Name()
		if n == "" {
			n = "_"
		}
		names = append(names, n)
	}
	return lw.signature(s, names)
}

// substitute replaces type parameters in t.
func substitute(t types.Type, m map[*types.TypeParam]types.Type) types.Type {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		if r, ok := m[t]; ok {
			return r
		}
	case *types.Pointer:
		return types.NewPointer(substitute(t.Elem(), m))
	case *types.Slice:
		return types.NewSlice(substitute(t.Elem(), m))
	case *types.Array:
		return types.NewArray(substitute(t.Elem(), m), t.Len())
	case *types.Map:
		return types.NewMap(substitute(t.Key(), m), substitute(t.Elem(), m))
	case *types.Chan:
		return types.NewChan(t.Dir(), substitute(t.Elem(), m))
	case *types.Tuple:
		return substituteTuple(t, m)
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, substituteTuple(t.Params(), m), substituteTuple(t.Results(), m), t.Variadic())
	case *types.Struct:
		var fields []*types.Var
		var tags []string
		for i := range t.NumFields() {
			f := t.Field(i)
			fields = append(fields, types.NewField(f.Pos(), f.Pkg(), f.Name(), substitute(f.Type(), m), f.Embedded()))
			tags = append(tags, t.Tag(i))
		}
		return types.NewStruct(fields, tags)
	case *types.Interface:
		var methods []*types.Func
		for i := range t.NumMethods() {
			f := t.Method(i)
			methods = append(methods, types.NewFunc(f.Pos(), f.Pkg(), f.Name(), substitute(f.Signature(), m).(*types.Signature)))
		}
		return types.NewInterfaceType(methods, nil).Complete()
	case *types.Named:
		return substituteNamed(t, m)
	}
	return t
}

func substituteTuple(t *types.Tuple, m map[*types.TypeParam]types.Type) *types.Tuple {
	var vars []*types.Var
	for i := range t.Len() {
		v := t.At(i)
		vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), v.Name(), substitute(v.Type(), m)))
	}
	return types.NewTuple(vars...)
}

func substituteNamed(t *types.Named, m map[*types.TypeParam]types.Type) types.Type {
	var args []types.Type
	changed := false
	for i := range t.TypeArgs().Len() {
		a := substitute(t.TypeArgs().At(i), m)
		changed = changed || a != t.TypeArgs().At(i)
		args = append(args, a)
	}
	if !changed {
		return t
	}
	inst, err := types.Instantiate(nil, t.Origin(), args, false)
	if err != nil { // cannot be: the checker has accepted the instance
		return t
	}
	return inst
}

// mentionsSession tells whether values of t hold anything of a type that cells
// defined.
func (lw *lowering) mentionsSession(t types.Type) bool { return lw.mentions(t, map[types.Type]bool{}) }

func (lw *lowering) mentions(t types.Type, seen map[types.Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if lw.isSessionType(t) || types.IsInterface(t) {
			return true
		}
		for i := range t.TypeArgs().Len() {
			if lw.mentions(t.TypeArgs().At(i), seen) {
				return true
			}
		}
	case *types.Pointer:
		return lw.mentions(t.Elem(), seen)
	case *types.Slice:
		return lw.mentions(t.Elem(), seen)
	case *types.Array:
		return lw.mentions(t.Elem(), seen)
	case *types.Chan:
		return lw.mentions(t.Elem(), seen)
	case *types.Map:
		return lw.mentions(t.Key(), seen) || lw.mentions(t.Elem(), seen)
	case *types.Interface:
		return true // what is in it may be of a session type
	case *types.Struct:
		return true // an anonymous struct: its unexported fields have other names at run time
	}
	return false
}

// isSessionType tells whether t is a type that cells defined, at any level.
func (lw *lowering) isSessionType(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "main"
}

// ofSession tells whether t is a session type or a pointer to one.
func (lw *lowering) ofSession(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	return lw.isSessionType(t)
}
