// kubelet_session.go: what happens inside a container when somebody executes, attaches or forwards a port.

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// session is one visitor of one container.
type session struct {
	worker    *podWorker
	container string
}

// ExecInContainer runs a command of the toy shell; its exit code travels as a real one does.
func (s *session) ExecInContainer(ctx context.Context, _, _, _ string, cmd []string, in io.Reader, out, errOut io.WriteCloser,
	tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	sh := newShell(ctx, s, in, out, errOut, tty)
	go sh.followSize(resize)
	code, err := sh.exec(cmd)
	if err != nil {
		return err
	}
	if code != 0 {
		return utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: code}
	}
	return nil
}

// AttachContainer shows the log as it comes, and returns what is typed.
func (s *session) AttachContainer(ctx context.Context, _, _, _ string, in io.Reader, out, _ io.WriteCloser, _ bool,
	_ <-chan remotecommand.TerminalSize) error {
	w := s.worker
	w.mu.Lock()
	c := w.find(s.container)
	i := c.current
	if i == nil {
		w.mu.Unlock()
		return fmt.Errorf("container %q is not running", s.container)
	}
	log := w.logOf(c, i)
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	if in != nil {
		go func() {
			lines := bufio.NewScanner(in)
			for lines.Scan() {
				mu.Lock()
				_, err := fmt.Fprintf(out, "INFO  stdin: %s\n", lines.Text())
				mu.Unlock()
				if err != nil {
					return
				}
			}
			cancel()
		}()
	}
	if out == nil {
		select {
		case <-ctx.Done():
		case <-i.done:
		}
		return nil
	}
	to := &logWriter{query: logQuery{follow: true, tail: 0}, log: log, remain: 1 << 62, to: &lockedWriter{&mu, out}, flush: func() error { return nil }}
	to.stream(ctx, w, c, i)
	return nil
}

// PortForward answers every HTTP request on every port with a few words about the pod.
func (s *session) PortForward(_ context.Context, name, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	in := bufio.NewReader(stream)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return nil // the visitor left, or speaks something else
		}
		_, _ = io.Copy(io.Discard, req.Body)
		body := fmt.Sprintf("pod %s/%s port %d\n%s %s\n", s.namespace(), name, port, req.Method, req.URL)
		_, err = fmt.Fprintf(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if err != nil || req.Close {
			return nil
		}
	}
}

// lockedWriter keeps log lines and echoed input from mixing.
type lockedWriter struct {
	mu *sync.Mutex
	to io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}
