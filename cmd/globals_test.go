package cmd_test

import (
	"go/ast"
	"slices"
	"testing"
)

// Only the main wrapper exits, and only it knows the process's own streams: everything else returns errors and
// takes readers and writers, so that it can be tested and used elsewhere.
func TestProcessGlobals(t *testing.T) {
	globals := map[string][]string{
		"os":  {"Exit", "Stdin", "Stdout", "Stderr", "Args"},
		"log": {"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println", "Panic", "Panicf", "Panicln"},
		"fmt": {"Print", "Printf", "Println"},
	}
	allowed := []string{"cmd/...", "internal/cli", "internal/bench/...", "internal/miniotest/...", "internal/faultproxy/...", "internal/oracle"}
	for _, f := range sources(t) {
		if f.isTest() || matchAny(allowed, f.dir()) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name, ok := selector.X.(*ast.Ident)
			if ok && slices.Contains(globals[name.Name], selector.Sel.Name) {
				t.Errorf("%s uses %s.%s: return the error or take the stream as a parameter, internal/cli does the rest",
					f.set.Position(n.Pos()), name.Name, selector.Sel.Name)
			}
			return true
		})
	}
}

// An init function runs before anybody asked for it and is in everybody's way.
func TestNoInit(t *testing.T) {
	for _, f := range sources(t) {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init: make it a function that is called", f.set.Position(fn.Pos()))
			}
		}
	}
}
