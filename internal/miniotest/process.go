package miniotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"amiforge/internal/child"
)

// startTime is how long a server may take until it answers, on a machine that is busy with other tests.
const startTime = time.Minute

// launch starts program over a temporary directory. stop kills it, waits and removes the directory.
func launch(program string) (s *Server, stop func(), err error) {
	dir, err := os.MkdirTemp("", "miniotest-")
	if err != nil {
		return nil, nil, err
	}
	// Between our finding a free port and the server's taking it somebody else may: hence more than one try.
	for range 3 {
		var kill func()
		if s, kill, err = launchAt(program, dir); err == nil {
			return s, func() { kill(); os.RemoveAll(dir) }, nil
		}
	}
	os.RemoveAll(dir)
	return nil, nil, err
}

func launchAt(program, dir string) (*Server, func(), error) {
	address, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	s := &Server{Endpoint: "http://" + address, AccessKey: rand.Text()[:16], SecretKey: rand.Text()}
	var log bytes.Buffer
	cmd := exec.Command(program, "server", "--quiet", "--address", address, dir)
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off")
	cmd.Stdout, cmd.Stderr = &log, &log
	exited, err := child.Start(cmd)
	if err != nil {
		return nil, nil, err
	}
	kill := func() { cmd.Process.Kill(); <-exited }
	if err := s.await(exited); err != nil {
		kill()
		return nil, nil, fmt.Errorf("%s: %w\n%s", program, err, log.Bytes())
	}
	return s, kill, nil
}

// await returns when the server lists its buckets: it answers its health check earlier than that.
func (s *Server) await(exited <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-exited:
			return errors.New("exited at once")
		case <-ctx.Done():
			return fmt.Errorf("no answer in %v", startTime)
		case <-poll.C:
			if _, err := s.call(ctx, http.MethodGet, "/", "s3", ""); err == nil {
				return nil
			}
		}
	}
}

// freeAddress returns a loopback address that nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
