package cmd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// top is the project's top directory, seen from the tests of this package.
const top = ".."

// A sourceFile is one parsed Go file of the project.
type sourceFile struct {
	path string // from the top, with slashes
	set  *token.FileSet
	ast  *ast.File
}

// dir is the package's directory from the top.
func (f sourceFile) dir() string { return filepath.ToSlash(filepath.Dir(f.path)) }

func (f sourceFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// imports returns the paths that the file imports.
func (f sourceFile) imports(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, spec := range f.ast.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: import %s: %v", f.path, spec.Path.Value, err)
		}
		paths = append(paths, path)
	}
	return paths
}

// sources parses every Go file of the module, for whatever platform it is.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipOutside(path, entry.Name())
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		f := sourceFile{set: token.NewFileSet()}
		f.ast, err = parser.ParseFile(f.set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f.path, err = filepath.Rel(top, path)
		f.path = filepath.ToSlash(f.path)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// skipOutside skips the directories that the go command does not look into either, and nested modules.
func skipOutside(path, name string) error {
	if path == top {
		return nil
	}
	nested, _ := filepath.Glob(filepath.Join(path, "go.mod"))
	if name == "testdata" || name[0] == '.' || name[0] == '_' || len(nested) > 0 {
		return fs.SkipDir
	}
	return nil
}
