package diskimg

import "context"

// jobGrains is how many grains are compressed, and written, at a time: few enough for little memory and many
// enough for few calls.
const jobGrains = 8

// A streamJob is some grains of one grain table on their way through a streamEncoder.
type streamJob struct {
	grains []int64 // their numbers in the disk, ascending
	in     []byte  // their data; only the last of the disk is shorter than a grain
	out    []byte  // what stands in the file
	starts []int64 // of each grain in out
	done   chan error
}

func newStreamJob() *streamJob {
	return &streamJob{
		in:   make([]byte, 0, jobGrains*vmdkGrainSize),
		out:  make([]byte, 0, jobGrains*maxCompressedGrain),
		done: make(chan error, 1),
	}
}

func (j *streamJob) reset() {
	j.grains, j.in, j.out, j.starts = j.grains[:0], j.in[:0], j.out[:0], j.starts[:0]
}

// takes tells whether there is room for another grain, and that it is of the same grain table.
func (j *streamJob) takes(grain int64) bool {
	return len(j.grains) < jobGrains && grain/vmdkGTEsPerGT == j.table()
}

func (j *streamJob) table() int64 { return j.grains[0] / vmdkGTEsPerGT }
func (j *streamJob) last() int64  { return j.grains[len(j.grains)-1] }

// data returns the data of the i-th grain.
func (j *streamJob) data(i int) []byte {
	return j.in[i*vmdkGrainSize : min((i+1)*vmdkGrainSize, len(j.in))]
}

// add makes room for the n bytes of a grain and returns it, cleared.
func (j *streamJob) add(grain, n int64) []byte {
	j.grains = append(j.grains, grain)
	j.in = j.in[:len(j.in)+int(n)]
	data := j.data(len(j.grains) - 1)
	clear(data)
	return data
}

// compressJobs is a worker. After an error, and once ctx is done, it only says so for each job.
func compressJobs(ctx context.Context, work <-chan *streamJob, level int) {
	d, err := newGrainDeflater(level)
	for j := range work {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = j.compress(d)
		}
		j.done <- err
	}
}

func (j *streamJob) compress(d *grainDeflater) (err error) {
	for i, grain := range j.grains {
		j.starts = append(j.starts, int64(len(j.out)))
		if j.out, err = d.appendGrain(j.out, j.data(i), grain*vmdkGrainSize/SectorSize); err != nil {
			return err
		}
	}
	return nil
}
