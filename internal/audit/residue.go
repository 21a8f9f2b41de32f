package audit

import (
	"bytes"
	"fmt"

	"amiforge/internal/secret"
)

// checkResidue looks for secrets in what no file has: anybody who has the image can read its free space. What is known
// only by what stands around it is told of if it is a key: documentation that was deleted is full of the others.
func checkResidue(p *probe) {
	p.freeSpace(func(partition string, start int64) scanner {
		return func(c *chunk) bool {
			for _, m := range p.newSecrets(c) {
				if m.Class == secret.Key || m.Class == secret.Token && !m.Loose {
					p.residue(partition, start+c.Offset+m.Offset, m)
				}
			}
			p.residueFiles(partition, start, c)
			return true
		}
	})
}

// residueBlock is the least that a file begins at, in bytes, in a file system of common size.
const residueBlock = 4096

// residueFiles looks for key files that are not text, where files can begin.
func (p *probe) residueFiles(partition string, start int64, c *chunk) {
	first := -(start + c.Offset) & (residueBlock - 1) // to the next block
	for i := first; i < int64(len(c.Data)); i += residueBlock {
		block := c.Data[i:min(i+residueBlock, int64(len(c.Data)))]
		if i+int64(len(block)) <= int64(c.New) || block[0] == 0 || bytes.Contains(block, []byte("-----BEGIN ")) {
			continue // seen before, or empty, or newSecrets has it
		}
		if kind := secret.PrivateKey(block); kind != "" && kind != "age secret key" {
			p.residue(partition, start+c.Offset+i, secret.Match{Title: kind, Class: secret.Key, Hash: secret.Hash(bytes.TrimRight(block, "\x00"))})
		}
	}
}

func (p *probe) residue(partition string, at int64, m secret.Match) {
	severity := Warning
	if m.Class == secret.Key {
		severity = Error
	}
	p.add(Finding{
		Severity: severity, Path: fmt.Sprintf("free space of %s, byte %d", partition, at), Hash: m.Hash,
		Message: m.Title + " in no file: it was deleted, or swapped out",
	})
}
