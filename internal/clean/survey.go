package clean

import (
	"io"
	"path"

	"amiforge/internal/auditimage"
	"amiforge/internal/tree"
)

// A survey is what is to become of the files of one file system. Names are those in the file system.
type survey struct {
	*copier
	volume auditimage.Volume
	homes  map[string]bool
	mounts map[string]bool // the directories that others are mounted on or below

	links  map[string][]string // the other names of each file that has several, by the first one
	fates  map[string]*fate    // by name
	doomed map[string]*fate    // of directories, what becomes of all below
	kept   map[string]bool     // the names that Options.Keep wants
	gone   map[string]bool     // the names that the copy has not
	moved  map[string]string   // the first names that go, and the ones that become the first for them
}

func newSurvey(c *copier, v auditimage.Volume) *survey {
	return &survey{
		copier: c, volume: v, homes: homes(v.System), mounts: mountPoints(c.image.Volumes(), v.System),
		links: map[string][]string{}, fates: map[string]*fate{}, doomed: map[string]*fate{}, kept: map[string]bool{},
		gone: map[string]bool{}, moved: map[string]string{},
	}
}

// look goes over all names once.
func (s *survey) look() error {
	src := tree.FromFS(s.ctx, s.volume.Ext)
	defer src.Close()
	for {
		item, err := src.Next()
		if err == io.EOF {
			s.conclude()
			return nil
		}
		if err != nil {
			return err
		}
		if item.Name == "." {
			continue
		}
		if err := s.judge(item); err != nil {
			return err
		}
	}
}

func (s *survey) judge(item *tree.Item) error {
	first := item.Name
	if item.HardLink != "" {
		first = item.HardLink
		s.links[first] = append(s.links[first], item.Name)
	}
	fate, err := s.fate(item, first)
	switch {
	case err != nil:
		return err
	case fate == nil:
		s.stays(item.Name)
	default:
		s.set(item, fate)
	}
	return nil
}

func (s *survey) set(item *tree.Item, f *fate) {
	f.path = s.path(item.Name)
	s.fates[item.Name] = f
	if f.do != remove && f.do != removeName {
		s.stays(item.Name)
		return
	}
	s.gone[item.Name] = true
	if item.Mode.IsDir() {
		s.doomed[item.Name] = f
	}
}

// stays has the directories stay that name is in.
func (s *survey) stays(name string) {
	for dir := path.Dir(name); s.gone[dir]; dir = path.Dir(dir) {
		delete(s.gone, dir)
	}
}

// fate returns what becomes of an item: that of the directory that it is in, if that goes.
func (s *survey) fate(item *tree.Item, first string) (found *fate, err error) {
	f := s.file(item, first)
	if above := s.doomed[path.Dir(item.Name)]; above != nil {
		found = &fate{rule: above.rule, do: above.do}
	} else if found, err = s.places.find(f, s.homes); err != nil || found == nil {
		return nil, err
	}
	if item.Mode.IsDir() && s.mounts[f.name] || s.opts.Keep(found.rule, s.path(item.Name)) {
		s.kept[item.Name] = true
		return nil, nil
	}
	return found, nil
}

func (s *survey) file(item *tree.Item, first string) *file {
	f := &file{name: path.Join(s.volume.At, item.Name), mode: item.Mode, size: item.Size}
	if item.HardLink != "" && item.Mode.IsRegular() {
		f.size = 1 // its first name knows; that it is not empty is enough
	}
	f.content = func(n int64) ([]byte, error) {
		file, err := s.volume.Ext.Open(first)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return io.ReadAll(io.LimitReader(file, n))
	}
	return f
}

// path returns the path that the audit's findings have of a name.
func (s *survey) path(name string) string {
	return s.volume.System.Prefix + "/" + path.Join(s.volume.At, name)
}

// conclude settles what becomes of files with several names, and lists what goes.
func (s *survey) conclude() {
	for first, others := range s.links {
		s.settle(append([]string{first}, others...))
	}
	below := map[string]int{}
	for name := range s.gone {
		top := name
		for s.gone[path.Dir(top)] {
			top = path.Dir(top)
		}
		if below[top] += 0; top != name {
			below[top]++
		}
	}
	for name, n := range below {
		s.result.Changes = append(s.result.Changes, Change{Rule: s.fates[name].rule, Path: s.path(name), Action: Removed, Files: n})
	}
}

// settle looks at a file with several names. What goes with all its names takes those along that stay, unless one is to
// be kept; of others a name that stays becomes the first.
func (s *survey) settle(names []string) {
	all, edited := s.verdict(names)
	stays := ""
	for _, name := range names {
		if all != nil && !s.gone[name] {
			s.gone[name], s.fates[name] = true, all
		}
		if !s.gone[name] && stays == "" {
			stays = name
		}
	}
	if stays == "" {
		return
	}
	if edited != nil {
		s.fates[stays] = edited
	}
	if s.gone[names[0]] {
		s.moved[names[0]] = stays
	}
}

// verdict returns the fate that a file with several names goes by, or else the one that changes its content.
func (s *survey) verdict(names []string) (all, edited *fate) {
	kept := false
	for _, name := range names {
		kept = kept || s.kept[name]
		switch f := s.fates[name]; {
		case f == nil:
		case f.do == remove:
			all = f
		case f.do != removeName && edited == nil:
			edited = f
		}
	}
	if kept {
		return nil, nil
	}
	return all, edited
}

// mountPoints returns the directories of a system that others are mounted on, and those that they are in.
func mountPoints(volumes []auditimage.Volume, system *auditimage.System) map[string]bool {
	points := map[string]bool{}
	for _, v := range volumes {
		if v.System != system {
			continue
		}
		for name := v.At; name != "."; name = path.Dir(name) {
			points[name] = true
		}
	}
	return points
}
