package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"amiforge/internal/ec2query"
	"amiforge/internal/store"
)

// A fakeEC2 is an EC2 endpoint of one account that keeps its images with the engine on a directory. It does the
// wrongs that it is told to.
type fakeEC2 struct {
	t      *testing.T
	region string
	engine Engine
	dry    Engine // the same, for requests with DryRun
	page   int    // how many images there are to a page
	slow   int    // how many looks a copy stays pending for

	mu       sync.Mutex
	requests []string                   // the bodies
	lost     map[string]int             // how many answers to an action get lost once it is done
	denied   map[string]*ec2query.Error // the actions that are refused
	copies   map[string]fakeCopy        // by their tokens
}

// A fakeCopy is what has a token, and what was asked for with it.
type fakeCopy struct {
	id    string
	asked string
}

// startFake returns the endpoint and an engine on it, at a time set by hand. Neither waits.
func startFake(t *testing.T) (*fakeEC2, *ec2, *time.Time) {
	t.Helper()
	at, dir := noon(), t.TempDir()
	now := func() time.Time { return at }
	f := &fakeEC2{
		t: t, region: "local", page: 1000, lost: map[string]int{}, denied: map[string]*ec2query.Error{},
		copies: map[string]fakeCopy{},
		engine: New(NewDirKeys(dir), &Options{Now: now}),
		dry:    New(NewDirKeys(dir), &Options{Now: now, DryRun: true}),
	}
	return f, openAt(t, f, &Options{Now: now}), &at
}

// openAt returns an engine of EC2 behind a handler, in region local.
func openAt(t *testing.T, handler http.Handler, opts *Options) *ec2 {
	t.Helper()
	setAWS(t)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_EC2", server.URL)
	engine, err := openEC2(t.Context(), "local", store.Config{UserAgent: "ami-test/1"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	e := engine.(*ec2)
	e.wait = func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
	return e
}

// setAWS leaves nothing of the machine's own AWS configuration.
func setAWS(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_MAX_ATTEMPTS": "1", "AWS_CA_BUNDLE": "",
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_EC2": "", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
		"AWS_EC2_METADATA_DISABLED": "true", "HTTP_PROXY": "", "http_proxy": "",
	} {
		t.Setenv(name, value)
	}
}

// sent returns the actions of the requests so far, but for those that look, and forgets them.
func (f *fakeEC2) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var actions []string
	for _, body := range f.requests {
		action, _, _ := strings.Cut(strings.TrimPrefix(body, "Action="), "&")
		if !strings.HasPrefix(action, "Describe") {
			actions = append(actions, action)
		}
	}
	f.requests = nil
	return actions
}

// count returns how many requests so far were for an action.
func (f *fakeEC2) count(action string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, body := range f.requests {
		if strings.HasPrefix(body, "Action="+action+"&") {
			n++
		}
	}
	return n
}

func (f *fakeEC2) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	in, err := ec2query.DecodeRequest(body)
	if err != nil {
		f.t.Errorf("%s: %v", body, err)
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") {
		f.t.Errorf("%s is signed %s", body, r.Header.Get("Authorization"))
	}
	lose, refusal := f.keep(in.Action, string(body))
	var out any
	if refusal != nil {
		err = refusal
	} else {
		out, err = f.answer(r.Context(), in)
	}
	if lose {
		panic(http.ErrAbortHandler)
	}
	f.write(w, in.Action, out, err)
}

// keep puts the request on record and returns what wrong is to be done with it.
func (f *fakeEC2) keep(action, body string) (lose bool, refusal *ec2query.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, body)
	f.lost[action]--
	return f.lost[action] >= 0, f.denied[action]
}

func (f *fakeEC2) write(w http.ResponseWriter, action string, out any, err error) {
	status := http.StatusOK
	var body []byte
	if err != nil {
		refusal := errorOnWire(err)
		status = refusal.Status
		body, err = ec2query.EncodeError(refusal)
	} else {
		body, err = ec2query.EncodeResponse(action, "r", out)
	}
	if err != nil {
		f.t.Errorf("%s: %v", action, err)
	}
	w.WriteHeader(status)
	w.Write(body)
}

func errorOnWire(err error) *ec2query.Error {
	if onWire, ok := errors.AsType[*ec2query.Error](err); ok {
		return onWire
	}
	refusal, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return &ec2query.Error{Code: "InternalError", Message: err.Error(), Status: 500}
	case refusal.Code == DryRunOperation:
		return &ec2query.Error{Code: string(refusal.Code), Message: refusal.Message, Status: 412}
	case refusal.Code == AuthFailure:
		return &ec2query.Error{Code: string(refusal.Code), Message: refusal.Message, Status: 401}
	}
	return &ec2query.Error{Code: string(refusal.Code), Message: refusal.Message, Status: 400}
}

// on returns the engine for a request.
func (f *fakeEC2) on(dryRun bool) Engine {
	if dryRun {
		return f.dry
	}
	return f.engine
}

// as is whose account the endpoint is of.
func (f *fakeEC2) as() Caller { return Caller{Account: self} }

// with reads the request's parameters and returns what answer makes of them.
func with[In any](r *ec2query.Request, answer func(*In) (any, error)) (any, error) {
	in := new(In)
	if err := r.Decode(in); err != nil {
		return nil, err
	}
	return answer(in)
}

func (f *fakeEC2) answer(ctx context.Context, r *ec2query.Request) (any, error) {
	change := func(c Change) (any, error) {
		return with(r, func(in *ec2query.ImageInput) (any, error) { return f.modify(ctx, in.ImageID, in.DryRun, c) })
	}
	switch r.Action {
	case "RegisterImage":
		return with(r, func(in *ec2query.RegisterImageInput) (any, error) { return f.register(ctx, in) })
	case "CopyImage":
		return with(r, func(in *ec2query.CopyImageInput) (any, error) { return f.copy(ctx, in) })
	case "DeregisterImage":
		return with(r, func(in *ec2query.DeregisterImageInput) (any, error) {
			_, err := f.on(in.DryRun).Deregister(ctx, in.ImageID, f.as())
			return &ec2query.DeregisterImageOutput{Return: true}, err
		})
	case "DescribeImages":
		return with(r, func(in *ec2query.DescribeImagesInput) (any, error) { return f.describe(ctx, in) })
	case "DescribeImageAttribute":
		return with(r, func(in *ec2query.AttributeInput) (any, error) { return f.attribute(ctx, in) })
	case "ModifyImageAttribute":
		return with(r, func(in *ec2query.ModifyImageAttributeInput) (any, error) { return f.modifyAttribute(ctx, in) })
	case "CreateTags":
		return with(r, func(in *ec2query.CreateTagsInput) (any, error) {
			return f.modify(ctx, in.ResourceIDs[0], in.DryRun, Label(tagsOnWire(in.Tags)...))
		})
	case "DeleteTags":
		return with(r, func(in *ec2query.DeleteTagsInput) (any, error) {
			keys := each(in.Tags, func(t ec2query.TagFilter) string { return t.Key })
			return f.modify(ctx, in.ResourceIDs[0], in.DryRun, Unlabel(keys...))
		})
	case "EnableImageDeprecation":
		return with(r, func(in *ec2query.EnableImageDeprecationInput) (any, error) {
			return f.modify(ctx, in.ImageID, in.DryRun, DeprecateAt(in.DeprecateAt))
		})
	case "EnableImageDeregistrationProtection":
		return with(r, func(in *ec2query.EnableImageDeregistrationProtectionInput) (any, error) {
			c := Protect()
			if in.WithCooldown {
				c = ProtectWithCooldown()
			}
			_, err := f.modify(ctx, in.ImageID, in.DryRun, c)
			return &ec2query.ProtectionOutput{Return: "true"}, err
		})
	case "DisableImageDeregistrationProtection":
		_, err := change(Unprotect())
		return &ec2query.ProtectionOutput{Return: "true"}, err
	case "DisableImageDeprecation":
		return change(Undeprecate())
	case "DisableImage":
		return change(Disable())
	case "EnableImage":
		return change(Enable())
	}
	return f.answerAccount(ctx, r)
}

// answerAccount answers what is about the account.
func (f *fakeEC2) answerAccount(ctx context.Context, r *ec2query.Request) (any, error) {
	set := func(dryRun, block bool) (any, error) {
		state := map[bool]string{true: blockNewSharing, false: unblocked}[block]
		return &ec2query.BlockPublicAccessOutput{State: state}, f.on(dryRun).SetBlockPublicAccess(ctx, f.region, self, block)
	}
	switch r.Action {
	case "EnableImageBlockPublicAccess":
		return with(r, func(in *ec2query.BlockPublicAccessInput) (any, error) { return set(in.DryRun, true) })
	case "DisableImageBlockPublicAccess":
		return with(r, func(in *ec2query.AccountInput) (any, error) { return set(in.DryRun, false) })
	case "GetImageBlockPublicAccessState":
		blocked, err := f.engine.BlockPublicAccess(ctx, f.region, self)
		return &ec2query.BlockPublicAccessOutput{State: map[bool]string{true: blockNewSharing, false: unblocked}[blocked]}, err
	}
	return nil, &ec2query.Error{Code: "InvalidAction", Message: r.Action, Status: 400}
}

func (f *fakeEC2) modify(ctx context.Context, id string, dryRun bool, changes ...Change) (any, error) {
	_, err := f.on(dryRun).Modify(ctx, id, f.as(), changes...)
	return &ec2query.ReturnOutput{Return: true}, err
}

func (f *fakeEC2) modifyAttribute(ctx context.Context, in *ec2query.ModifyImageAttributeInput) (any, error) {
	if in.Description != nil {
		return f.modify(ctx, in.ImageID, in.DryRun, DescribeAs(*in.Description.Value))
	}
	permission := func(p ec2query.LaunchPermission) LaunchPermission { return LaunchPermission(p) }
	return f.modify(ctx, in.ImageID, in.DryRun, Unshare(each(in.LaunchPermission.Remove, permission)...),
		Share(each(in.LaunchPermission.Add, permission)...))
}

func (f *fakeEC2) register(ctx context.Context, in *ec2query.RegisterImageInput) (any, error) {
	m := Image{
		Name: in.Name, Description: in.Description, Location: "s3://" + in.ImageLocation,
		Owner: self, Region: f.region, Architecture: in.Architecture, KernelID: in.KernelID, RamdiskID: in.RamdiskID,
		VirtualizationType: in.VirtualizationType, SriovNetSupport: in.SriovNetSupport, BootMode: in.BootMode,
		EnaSupport: isTrue(in.EnaSupport), BlockDevices: devicesOfEC2(in.BlockDeviceMappings),
	}
	for _, s := range in.TagSpecifications {
		m.Tags = tagsOnWire(s.Tags)
	}
	m, err := f.on(in.DryRun).Register(ctx, m)
	return &ec2query.ImageIDOutput{ImageID: m.ID}, err
}

// copy makes a copy, or finds the one that has the token.
func (f *fakeEC2) copy(ctx context.Context, in *ec2query.CopyImageInput) (any, error) {
	if n := len(in.ClientToken); n == 0 || n > 64 {
		f.t.Errorf("a copy has the token %q", in.ClientToken)
	}
	asked := string(ec2query.EncodeRequest("CopyImage", in))
	f.mu.Lock()
	known, ok := f.copies[in.ClientToken]
	f.mu.Unlock()
	switch {
	case ok && known.asked != asked:
		return nil, &ec2query.Error{Code: "IdempotentParameterMismatch", Message: in.ClientToken, Status: 400}
	case ok:
		return &ec2query.ImageIDOutput{ImageID: known.id}, nil
	}
	m, err := f.newCopy(ctx, in)
	if err == nil {
		f.mu.Lock()
		f.copies[in.ClientToken] = fakeCopy{m.ID, asked}
		f.mu.Unlock()
	}
	return &ec2query.ImageIDOutput{ImageID: m.ID}, err
}

func (f *fakeEC2) newCopy(ctx context.Context, in *ec2query.CopyImageInput) (Image, error) {
	listing, err := f.engine.Describe(ctx, Query{As: f.as(), IDs: []string{in.SourceImageID}})
	if err != nil {
		return Image{}, err
	}
	m, err := CopyOf(listing.Images[0], CopyRequest{
		Name: in.Name, Description: in.Description, Region: f.region, By: f.as(), CopyTags: in.CopyImageTags, Encrypted: in.Encrypted,
	})
	if err != nil {
		return Image{}, err
	}
	return f.on(in.DryRun).BeginCopy(ctx, m, inWest)
}

func (f *fakeEC2) describe(ctx context.Context, in *ec2query.DescribeImagesInput) (any, error) {
	q := Query{
		As: f.as(), IDs: in.ImageIDs, ExecutableBy: in.ExecutableBy,
		IncludeDeprecated: in.IncludeDeprecated, IncludeDisabled: in.IncludeDisabled,
	}
	for _, owner := range in.Owners {
		q.Owner = strings.Replace(owner, "self", self, 1)
	}
	for _, filter := range in.Filters {
		q.Filters = append(q.Filters, Filter(filter))
	}
	listing, err := f.engine.Describe(ctx, q)
	if err != nil {
		return nil, err
	}
	f.finishCopies(ctx, listing.Images)
	out := &ec2query.DescribeImagesOutput{Images: []ec2query.Image{}}
	first, _ := strconv.Atoi(in.NextToken)
	for _, m := range listing.Images[first:min(first+f.page, len(listing.Images))] {
		out.Images = append(out.Images, imageOnWire(m))
	}
	if first += f.page; first < len(listing.Images) {
		out.NextToken = strconv.Itoa(first)
	}
	return out, nil
}

// finishCopies finishes the copies among the images that have been looked at often enough.
func (f *fakeEC2) finishCopies(ctx context.Context, images []Image) {
	for _, m := range images {
		if !m.Copying() {
			continue
		}
		if f.slow--; f.slow < 0 {
			if _, err := f.engine.FinishCopy(ctx, m.ID, ""); err != nil {
				f.t.Error(err)
			}
		}
	}
}

func (f *fakeEC2) attribute(ctx context.Context, in *ec2query.AttributeInput) (any, error) {
	listing, err := f.engine.Describe(ctx, Query{IDs: []string{in.ImageID}})
	if err != nil {
		return nil, err
	}
	m := listing.Images[0]
	if m.Owner != self {
		return nil, f.as().MayChange(m)
	}
	permissions := each(m.LaunchPermissions, func(p LaunchPermission) ec2query.LaunchPermission { return ec2query.LaunchPermission(p) })
	return &ec2query.DescribeImageAttributeOutput{ImageID: m.ID, LaunchPermissions: permissions}, nil
}

func imageOnWire(m Image) ec2query.Image {
	w := ec2query.Image{
		ImageID: m.ID, Name: m.Name, Description: m.Description, OwnerID: m.Owner, Public: m.Public(),
		ImageLocation: strings.TrimPrefix(m.Location, "s3://"),
		ImageType:     m.Type, Architecture: m.Architecture, KernelID: m.KernelID, RamdiskID: m.RamdiskID,
		RootDeviceType: m.RootDeviceType, RootDeviceName: m.RootDeviceName, VirtualizationType: m.VirtualizationType,
		Platform: m.Platform, BootMode: m.BootMode, EnaSupport: new(m.EnaSupport), SriovNetSupport: m.SriovNetSupport,
		SourceImageID: m.SourceImageID, SourceImageRegion: m.SourceImageRegion,
		State: string(m.State), CreationDate: m.CreationDate.Time, DeprecationTime: m.DeprecationTime.Time,
		LastLaunchedTime: m.LastLaunchedTime.Time, DeregistrationProtection: string(m.DeregistrationProtection),
		Tags: tagsForEC2(m.Tags), BlockDeviceMappings: devicesForEC2(m.BlockDevices),
		ProductCodes: each(m.ProductCodes, func(c ProductCode) ec2query.ProductCode { return ec2query.ProductCode(c) }),
	}
	for i, d := range m.BlockDevices {
		if d.EBS != nil {
			w.BlockDeviceMappings[i].Ebs.Encrypted = new(d.EBS.Encrypted)
		}
	}
	if m.StateReason != nil {
		w.StateReason = (*ec2query.StateReason)(m.StateReason)
	}
	return w
}

func tagsOnWire(tags []ec2query.Tag) []Tag {
	return slices.Clip(each(tags, func(t ec2query.Tag) Tag { return Tag(t) }))
}
