package ec2query

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// send sends a request until it is answered, or refused for good.
func (c *Client) send(ctx context.Context, action string, body []byte) ([]byte, error) {
	done := func(error) error { return nil }
	for n := 1; ; n++ {
		data, err := c.metered(ctx, body)
		done(err) // gives back to the retryer's budget and cannot fail
		switch {
		case err == nil:
			return data, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case n >= c.retryer.MaxAttempts() || !c.again(action, err):
			return nil, err
		}
		token, noToken := c.retryer.GetRetryToken(ctx, err)
		if noToken != nil {
			return nil, err // the budget is spent; what the endpoint said tells more
		}
		done = token
		if err := c.pause(ctx, n, err); err != nil {
			return nil, err
		}
	}
}

// metered is attempt within the rate that the retryer allows.
func (c *Client) metered(ctx context.Context, body []byte) ([]byte, error) {
	done, err := c.retryer.GetAttemptToken(ctx)
	if err != nil {
		return nil, err
	}
	data, err := c.attempt(ctx, body)
	done(err)
	return data, err
}

// again reports whether a request may be sent again after err.
func (c *Client) again(action string, err error) bool {
	return c.retryer.IsErrorRetryable(err) && (idempotent(action) || neverHappened(err))
}

// idempotent reports whether doing action twice is like doing it once, the answer included. CopyImage carries a
// ClientToken; RegisterImage has none, and would find its own name taken.
func idempotent(action string) bool {
	return action != "RegisterImage" && action != "DeregisterImage"
}

// neverHappened reports whether a request was turned away before it was looked at, or never arrived.
func neverHappened(err error) bool {
	if refusal, ok := errors.AsType[*Error](err); ok {
		_, throttled := retry.DefaultThrottleErrorCodes[refusal.Code]
		return throttled
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

func (c *Client) pause(ctx context.Context, attempt int, cause error) error {
	delay, err := c.retryer.RetryDelay(attempt, cause)
	if err != nil {
		return err
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A lostError is a connection that ended before the whole answer was read.
type lostError struct{ error }

// ConnectionError tells AWS's retryer what it is.
func (lostError) ConnectionError() bool { return true }

// Unwrap returns how the connection ended.
func (e lostError) Unwrap() error { return e.error }

// lost marks the errors of lost connections, of which AWS's retryer knows only some.
func lost(err error) error {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return lostError{err}
		}
	}
	return err
}
