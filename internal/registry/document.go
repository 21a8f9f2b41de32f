package registry

// A Document is the JSON object that describes images in the words of `aws ec2 describe-images`.
type Document struct {
	Images []DocumentImage
	Errors []string `json:",omitempty"` // of the records that could not be understood
}

// A DocumentImage is an image with the fields that follow from the others.
type DocumentImage struct {
	Image
	BlockDeviceMappings []BlockDevice // a list also where there are none, as EC2 gives it
	Public              bool
}

// Document returns the listing's JSON object. Launch permissions are there for the owner and the administrator only.
func (l *Listing) Document() Document {
	d := Document{Images: make([]DocumentImage, 0, len(l.Images))}
	for _, m := range l.Images {
		public := m.Public()
		if !l.as.manages(m) {
			m.LaunchPermissions = nil
		}
		devices := append([]BlockDevice{}, m.BlockDevices...)
		d.Images = append(d.Images, DocumentImage{Image: m, BlockDeviceMappings: devices, Public: public})
	}
	for _, err := range l.Unreadable {
		d.Errors = append(d.Errors, err.Error())
	}
	return d
}
