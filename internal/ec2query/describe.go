package ec2query

// DescribeImagesInput asks for images.
type DescribeImagesInput struct {
	ImageIDs          []string `ec2:"ImageId"`
	Owners            []string `ec2:"Owner"`        // self, amazon …, account IDs
	ExecutableBy      []string `ec2:"ExecutableBy"` // self, all, account IDs
	Filters           []Filter `ec2:"Filter"`
	IncludeDeprecated bool     `ec2:"IncludeDeprecated"`
	IncludeDisabled   bool     `ec2:"IncludeDisabled"`
	MaxResults        int64    `ec2:"MaxResults"`
	NextToken         string   `ec2:"NextToken"`
	DryRun            bool     `ec2:"DryRun"`
}

// A Filter keeps what has one of its values; * and ? are wildcards.
type Filter struct {
	Name   string   `ec2:"Name"`
	Values []string `ec2:"Value"`
}

// DescribeImagesOutput is a page of images.
type DescribeImagesOutput struct {
	Images    []Image `ec2:"ImagesSet"`
	NextToken string  `ec2:"NextToken"` // empty on the last page
}
