package partition

import "io"

// readGPT reads the GPT behind the protective MBR in sector. One that cannot be read is a Table without
// partitions that says why.
func readGPT(r io.ReaderAt, size int64, sector []byte) (*Table, error) {
	unit, err := gptSectorSize(r, size)
	if err != nil {
		return nil, err
	}
	t := &Table{Kind: GPT, SectorSize: unit, Hybrid: isHybrid(sector)}
	last := uint64(size/unit) - 1
	primary, problem, err := readCopy(r, size, unit, 1)
	if err != nil {
		return nil, err
	}
	if problem == "" {
		t.addAll(primary, size)
		return t, t.checkBackup(r, size, primary.header, last)
	}
	backup, backupProblem, err := readCopy(r, size, unit, last)
	switch {
	case err != nil:
		return nil, err
	case backupProblem != "":
		t.warnf("the primary GPT is damaged: %s", problem)
		t.warnf("and the backup GPT at the end of the disk is, too: %s", backupProblem)
		return t, nil
	}
	t.warnf("the primary GPT is damaged: %s; the backup at the end of the disk is read", problem)
	t.FromBackup = true
	t.addAll(backup, size)
	return t, nil
}

// gptSectorSize finds out what sectors the GPT counts in: its header is in the second one, the backup in the last.
func gptSectorSize(r io.ReaderAt, size int64) (int64, error) {
	for _, off := range []func(unit int64) int64{
		func(unit int64) int64 { return unit },
		func(unit int64) int64 { return size - size%unit - unit },
	} {
		for _, unit := range []int64{512, 4096} {
			if size < 2*unit {
				continue
			}
			magic, err := readBytes(r, off(unit), int64(len(gptMagic)))
			if err != nil {
				return 0, err
			}
			if string(magic) == gptMagic {
				return unit, nil
			}
		}
	}
	return sectorSize, nil
}

// isHybrid tells whether the MBR lists partitions besides the one that protects the GPT.
func isHybrid(sector []byte) bool {
	for _, e := range entries(sector) {
		if entryType(e) != typeProtective && entryType(e) != typeEmpty {
			return true
		}
	}
	return false
}

func (t *Table) addAll(c *gptCopy, size int64) {
	uuid, list, err := parseGPT(c.snapshot(size), t.SectorSize)
	if err != nil {
		t.warnf("the GPT cannot be read: %v", err)
		return
	}
	t.UUID = uuid
	for _, e := range list {
		if e.first < c.header.FirstUsable || e.first+e.sectors-1 > c.header.LastUsable {
			t.warnf("partition %d is not in the sectors that the GPT says are for partitions", e.index)
		}
		t.add(e, size)
	}
	t.warnOverlaps()
}

// checkBackup looks whether the backup is there and says the same.
func (t *Table) checkBackup(r io.ReaderAt, size int64, primary gptHeader, last uint64) error {
	switch at := primary.AlternateLBA; {
	case at > last:
		t.warnf("the disk is too short: its GPT says %d sectors, it has %d; the backup GPT is missing", at+1, last+1)
		return nil
	case at < last:
		t.warnf("the backup GPT is not at the end of the disk, but %d sectors before it: the disk has grown", last-at)
	}
	backup, problem, err := readCopy(r, size, t.SectorSize, primary.AlternateLBA)
	switch {
	case err != nil:
		return err
	case problem != "":
		t.warnf("the backup GPT is damaged: %s", problem)
	case backup.header.GUID != primary.GUID || backup.header.EntriesCRC != primary.EntriesCRC:
		t.warnf("the backup GPT differs from the primary one")
	}
	return nil
}
