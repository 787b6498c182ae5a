package kernel

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestTry plays the cells of the file named by KERNEL_TRY (cells separated by
// lines "--") and prints what is lowered: for work on the lowering.
func TestTry(t *testing.T) {
	file := os.Getenv("KERNEL_TRY")
	if file == "" {
		t.Skip("KERNEL_TRY is not set")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlayer(t)
	if os.Getenv("KERNEL_TRACE") != "" {
		p.k.trace = func(s string) { fmt.Println("----\n" + s) }
	}
	for _, cell := range strings.Split(string(b), "\n--\n") {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		p.play(ctx, cell)
		cancel()
		fmt.Print(p.out.String(), p.stderr.String(), p.errs.String())
		p.out.Reset()
		p.stderr.Reset()
		p.errs.Reset()
	}
}
