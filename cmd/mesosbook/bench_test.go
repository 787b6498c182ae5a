package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkStart compares whole processes: from exec to the end of one cell,
// beside a program that starts Yaegi with the standard library and no more.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	programs := []struct {
		name, pkg string
		args      []string
	}{
		{"yaegi-bare", "mesosbook/kernel/internal/bare", []string{"1+1"}},
		{"mesosbook-eval", "mesosbook/cmd/mesosbook", []string{"eval", "1+1"}},
	}
	for _, p := range programs {
		bin := filepath.Join(dir, p.name)
		if out, err := exec.Command("go", "build", "-o", bin, p.pkg).CombinedOutput(); err != nil {
			b.Fatalf("build %s: %v\n%s", p.pkg, err, out)
		}
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				out, err := exec.Command(bin, p.args...).CombinedOutput()
				if err != nil || strings.TrimSpace(string(out)) != "2" {
					b.Fatalf("%s %q: %v, printed %q; want 2", p.name, p.args, err, out)
				}
			}
		})
	}
}
