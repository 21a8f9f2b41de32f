package diskimg

import "time"

// Info describes an image.
type Info struct {
	Format    Format    `json:"format"`
	Subformat Subformat `json:"subformat,omitempty"`

	Size      int64 `json:"virtualSize"`         // of the disk, in bytes
	FileSize  int64 `json:"fileSize"`            // of all files together, in bytes
	Allocated int64 `json:"allocated"`           // bytes of the disk that the tables, or the file system, say have data
	BlockSize int64 `json:"blockSize,omitempty"` // of a VHD block or VMDK grain, in bytes

	Creator string    `json:"creator,omitempty"` // the program that made it, as the file says
	Created time.Time `json:"created,omitzero"`
	UUID    string    `json:"uuid,omitempty"`
	CID     string    `json:"contentID,omitempty"`        // VMDK: 8 hexadecimal digits
	Adapter string    `json:"adapterType,omitempty"`      // VMDK: ide, lsilogic, …
	Version int       `json:"version,omitempty"`          // of a VMDK's header
	HW      string    `json:"virtualHWVersion,omitempty"` // VMDK
	Files   []string  `json:"files,omitempty"`            // VMDK of several files: the others
	CHS     *CHS      `json:"geometry,omitempty"`         // as the file says; the size is what counts

	Warnings []string `json:"warnings,omitempty"` // what is odd but does no harm
}

// CHS is a disk's geometry: cylinders, heads and sectors per track.
type CHS struct {
	Cylinders int `json:"cylinders"`
	Heads     int `json:"heads"`
	Sectors   int `json:"sectors"`
}

// Size returns the bytes that the geometry describes.
func (c CHS) Size() int64 { return int64(c.Cylinders) * int64(c.Heads) * int64(c.Sectors) * SectorSize }
