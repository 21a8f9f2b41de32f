package diskimg

import (
	"fmt"
	"os/exec"
	"testing"

	"amiforge/internal/oracle"
)

// debianPython is the one that knows Debian's modules: another python3 may stand before it in PATH.
const debianPython = "/usr/bin/python3"

// readAll prints the length and the SHA-256 of an image's virtual content, as the module has it.
const readAll = `
import hashlib, importlib, sys
module = importlib.import_module(sys.argv[1])
image = module.handle() if sys.argv[1] == "pyvmdk" else module.file()
image.open(sys.argv[2])
if sys.argv[1] == "pyvmdk":
    image.open_extent_data_files()
size, digest, done = image.get_media_size(), hashlib.sha256(), 0
while done < size:
    piece = image.read_buffer_at_offset(min(1 << 20, size - done), done)
    if not piece:
        sys.exit("nothing at byte %d of %d" % (done, size))
    digest.update(piece)
    done += len(piece)
print(size, digest.hexdigest())
`

// secondReader returns the length and the SHA-256, in hexadecimal, of the content of the image file at path as
// a Python module has it: pyvhdi (libvhdi) or pyvmdk (libvmdk). Without the module the test is skipped.
func secondReader(tb testing.TB, module, path string) (size int64, sha256 string) {
	tb.Helper()
	if err := exec.Command(debianPython, "-c", "import "+module).Run(); err != nil {
		oracle.Skipf(tb, "Python module %s is not installed: apt-get install %s", module, oracle.Package(module))
	}
	out := oracle.Output(tb, exec.Command(debianPython, "-c", readAll, module, path))
	if _, err := fmt.Sscan(string(out), &size, &sha256); err != nil {
		tb.Fatalf("%s on %s: %q: %v", module, path, out, err)
	}
	return size, sha256
}
