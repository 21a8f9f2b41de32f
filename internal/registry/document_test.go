package registry

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestDocument(t *testing.T) {
	small := web("web-1")
	small.ID, small.State = "ami-1a2b3c4d", Available
	public := small
	public.LaunchPermissions = []LaunchPermission{{UserID: "111122223333"}, {Group: "all"}}
	const fields = `"ImageId":"ami-1a2b3c4d","Name":"web-1","Description":"the web \u0026 its servers",` +
		`"OwnerId":"123456789012","Region":"local","ImageLocation":"s3://bucket/web/image.manifest.xml",` +
		`"ImageType":"","Architecture":"x86_64","RootDeviceType":"","VirtualizationType":"","State":"available",` +
		`"CreationDate":"0001-01-01T00:00:00.000Z"`
	for name, c := range map[string]struct {
		listing Listing
		want    string
	}{
		"empty":   {Listing{}, `{"Images":[]}`},
		"private": {Listing{Images: []Image{small}}, `{"Images":[{` + fields + `,"BlockDeviceMappings":[],"Public":false}]}`},
		"public": {
			Listing{Images: []Image{public}},
			`{"Images":[{` + fields + `,"LaunchPermissions":[{"UserId":"111122223333"},{"Group":"all"}],"BlockDeviceMappings":[],"Public":true}]}`,
		},
		"errors": {
			Listing{Unreadable: []error{&UnreadableError{"images/x.json", errors.New("bad")}}},
			`{"Images":[],"Errors":["record images/x.json: bad"]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(c.listing.Document())
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
