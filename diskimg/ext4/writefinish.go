package ext4

// Finish writes what describes the files and returns the size of the file system in bytes, to which the caller must
// truncate or extend the destination: its end may be a hole. It is the size of the options, or less by a last group
// that is too small to be used, as mke2fs has it. Finish returns a *SizeError if the content does not fit. Afterwards
// nothing can be added.
func (w *Writer) Finish() (int64, error) {
	defer w.out.wait()
	if err := w.usable(); err != nil {
		return 0, err
	}
	w.closed = true
	if err := w.writeDirs(); err != nil {
		return 0, err
	}
	w.writeAttrs()
	p, err := w.choose()
	if err != nil {
		return 0, err
	}
	p.copies = headCopies(p.groups)
	w.wipe()
	w.writeJournal(p)
	w.writeResize(p)
	w.writeHeads(p, w.writeGroups(p))
	w.out.flush()
	w.out.wait()
	return p.blocks * blockSize, w.out.err
}

// wipe overwrites what was replaced, and whose blocks nothing else has now.
func (w *Writer) wipe() {
	clear(w.chunk)
	for _, r := range w.alloc.free {
		for block := int64(r.start); block < r.end(); {
			n := min(r.end()-block, int64(len(w.chunk)/blockSize))
			w.out.put(block, w.chunk[:n*blockSize])
			block += n
		}
	}
}
