package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer is the longest answer that is read, in bytes.
const maxAnswer = 16 << 10

// A client asks the service.
type client struct{ imds *imds.Client }

// newClient returns a client that never falls back to version 1 of the service, which answers whoever makes a server
// fetch a URL.
func newClient() client {
	return client{imds.New(imds.Options{EnableFallback: aws.FalseTernary})}
}

// text returns one item of the metadata without the line end, "" where there is none.
func (c client) text(ctx context.Context, path string) (string, error) {
	out, err := c.imds.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if err != nil {
		return "", explain(path, err)
	}
	defer out.Content.Close()
	text, err := io.ReadAll(io.LimitReader(out.Content, maxAnswer+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", path, err)
	case len(text) > maxAnswer:
		return "", fmt.Errorf("%s: the answer is longer than %d bytes", path, maxAnswer)
	}
	return strings.TrimSpace(string(text)), nil
}

// explain says what an error of the client means. What is not there is none.
func explain(path string, err error) error {
	answer, answered := errors.AsType[*smithyhttp.ResponseError](err)
	switch {
	case answered && answer.HTTPStatusCode() == http.StatusNotFound:
		return nil
	case answered && answer.HTTPStatusCode() != 0:
		return fmt.Errorf("%s: the service answers %d", path, answer.HTTPStatusCode())
	case strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true"):
		return fmt.Errorf("%w: AWS_EC2_METADATA_DISABLED is set", ErrUnreachable)
	}
	_, why, _ := strings.Cut(err.Error(), "getToken, ") // the client leaves no other trace of it
	if why == "" {
		return ErrUnreachable
	}
	return fmt.Errorf("%w: %s", ErrUnreachable, why)
}

// lines returns the lines of one item.
func (c client) lines(ctx context.Context, path string) ([]string, error) {
	text, err := c.text(ctx, path)
	return strings.Fields(text), err
}

// ids returns the IDs of one item.
func (c client) ids(ctx context.Context, path string) ([]string, error) {
	ids, err := c.lines(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if !isID(id) {
			return nil, fmt.Errorf("%s is %.60q, which is no ID", path, id)
		}
	}
	return ids, nil
}

// id returns the one ID of an item, "" where there is none.
func (c client) id(ctx context.Context, path string) (string, error) {
	ids, err := c.ids(ctx, path)
	switch {
	case err != nil || len(ids) == 0:
		return "", err
	case len(ids) > 1:
		return "", fmt.Errorf("%s has %d IDs", path, len(ids))
	}
	return ids[0], nil
}

// isID tells whether s looks like ami-0123456789abcdef0; other clouds have other letters.
func isID(s string) bool {
	kind, number, ok := strings.Cut(s, "-")
	return ok && isWord(kind, 2, 4) && isWord(number, 1, 40)
}

// isWord tells whether s has so many letters and digits and nothing else.
func isWord(s string, atLeast, atMost int) bool {
	const word = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return len(s) >= atLeast && len(s) <= atMost && strings.Trim(s, word) == ""
}
