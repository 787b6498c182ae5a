package kernel

import (
	"fmt"
	"go/ast"
	"go/types"
)

// An index that is out of range panics in package reflect, which does not tell
// the numbers. Outside of loops, where it costs little, the host compares the
// index first and panics as Go does.

// subscript lowers the index of x.
func (l *lowerer) subscript(x *ast.IndexExpr) string {
	t := l.typeOf(x.X)
	if m, ok := t.Underlying().(*types.Map); ok {
		return l.implicit(x.Index, m.Key())
	}
	s := l.expr(x.Index)
	if l.looped || !l.pure(x.X) || isArray(t) && l.info.Types[x.Index].Value != nil {
		return s
	}
	return fmt.Sprintf("rt_.Index(int(%s), len(%s))", s, l.expr(x.X))
}

func isArray(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := t.Underlying().(*types.Array)
	return ok
}

// pure tells whether x can be evaluated twice.
func (l *lowerer) pure(x ast.Expr) bool {
	if x == nil || l.info.Types[x].Value != nil {
		return true
	}
	switch x := x.(type) {
	case *ast.Ident:
		return true
	case *ast.ParenExpr:
		return l.pure(x.X)
	case *ast.StarExpr:
		return l.pure(x.X)
	case *ast.SelectorExpr:
		return l.pure(x.X)
	}
	return false
}

func (l *lowerer) slice(x *ast.SliceExpr) string {
	part := func(e ast.Expr) string {
		if e == nil {
			return ""
		}
		return l.expr(e)
	}
	low, high := part(x.Low), part(x.High)
	if !l.looped && !x.Slice3 && l.pure(x.X) && l.pure(x.Low) && (low != "" || high != "") {
		low, high = l.checkedBounds(x, low, high)
	}
	s := l.operand(x.X) + "[" + low + ":" + high
	if x.Slice3 {
		s += ":" + part(x.Max)
	}
	return s + "]"
}

func (l *lowerer) checkedBounds(x *ast.SliceExpr, low, high string) (string, string) {
	operand := l.expr(x.X)
	if high == "" {
		return fmt.Sprintf("rt_.Low(int(%s), len(%s))", low, operand), ""
	}
	from, limit, isLen := "0", "cap", "false"
	if low != "" {
		from = "int(" + low + ")"
	}
	if b, ok := l.typeOf(x.X).Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		limit, isLen = "len", "true"
	}
	return low, fmt.Sprintf("rt_.High(%s, int(%s), %s(%s), %s)", from, high, limit, operand, isLen)
}

// index gives i when it is an index of something of length n.
func (h *host) index(i, n int) int {
	switch {
	case i < 0:
		panic(runtimeError(fmt.Sprintf("index out of range [%d]", i)))
	case i >= n:
		panic(runtimeError(fmt.Sprintf("index out of range [%d] with length %d", i, n)))
	}
	return i
}

// low gives i when [i:] is within length n.
func (h *host) low(i, n int) int {
	switch {
	case i < 0:
		panic(runtimeError(fmt.Sprintf("slice bounds out of range [%d:]", i)))
	case i > n:
		panic(runtimeError(fmt.Sprintf("slice bounds out of range [%d:%d]", i, n)))
	}
	return i
}

// high gives j when [i:j] is within limit, a length or a capacity.
func (h *host) high(i, j, limit int, isLength bool) int {
	what := map[bool]string{true: "length", false: "capacity"}[isLength]
	switch {
	case j < 0:
		panic(runtimeError(fmt.Sprintf("slice bounds out of range [:%d]", j)))
	case j > limit:
		panic(runtimeError(fmt.Sprintf("slice bounds out of range [:%d] with %s %d", j, what, limit)))
	case i < 0:
		panic(runtimeError(fmt.Sprintf("slice bounds out of range [%d:]", i)))
	case i > j:
		panic(runtimeError(fmt.Sprintf("slice bounds out of range [%d:%d]", i, j)))
	}
	return j
}

// shiftCount lowers the right side of a shift: a negative one panics, which
// Yaegi does not see. It is not looked at in loops.
func (l *lowerer) shiftCount(x ast.Expr) string {
	b, ok := l.typeOf(x).Underlying().(*types.Basic)
	if !ok || l.looped || l.info.Types[x].Value != nil || b.Info()&types.IsUnsigned != 0 {
		return l.expr(x)
	}
	return "rt_.Shift(int(" + l.expr(x) + "))"
}

// shift gives n when something can be shifted by it.
func (h *host) shift(n int) uint {
	if n < 0 {
		panic(runtimeError("negative shift amount"))
	}
	return uint(n)
}
