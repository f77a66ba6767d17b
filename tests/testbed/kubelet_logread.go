// kubelet_logread.go: GET /containerLogs with the semantics and the error texts of a real kubelet.

package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// logQuery is what a reader asked for.
type logQuery struct {
	follow, previous, timestamps bool
	tail, limit                  int64 // -1: no limit
	since                        time.Time
	stream                       string
}

func parseLogQuery(v url.Values) (logQuery, error) {
	q := logQuery{tail: -1, limit: math.MaxInt64, stream: v.Get("stream")}
	var err error
	flag := func(name string) bool {
		b, parseErr := strconv.ParseBool(v.Get(name))
		if v.Get(name) != "" && parseErr != nil {
			err = parseErr
		}
		return b
	}
	number := func(name string, target *int64) {
		if v.Get(name) == "" {
			return
		}
		n, parseErr := strconv.ParseInt(v.Get(name), 10, 64)
		if parseErr != nil || n < 0 {
			err = fmt.Errorf("invalid %s", name)
		}
		*target = n
	}
	q.follow, q.previous, q.timestamps = flag("follow"), flag("previous"), flag("timestamps")
	number("tailLines", &q.tail)
	number("limitBytes", &q.limit)
	seconds := int64(-1)
	number("sinceSeconds", &seconds)
	if seconds >= 0 {
		q.since = time.Now().Add(-time.Duration(seconds) * time.Second)
	}
	if t := v.Get("sinceTime"); t != "" {
		since, parseErr := time.Parse(time.RFC3339, t)
		if parseErr != nil {
			err = parseErr
		}
		q.since = since
	}
	return q, err
}

// readable finds the run whose log is meant, or the reason why there is none.
func (w *podWorker) readable(name string, previous bool) (*container, *instance, error) {
	c := w.find(name)
	if c == nil {
		return nil, nil, fmt.Errorf("container %q in pod %q is not available", name, w.pod.Name)
	}
	// In a back-off the newest run is the one that ended last.
	current, last := c.current, c.last
	if c.phase == phaseBackoff || c.phase == phaseBlocked && c.current == nil {
		if c.current != nil {
			current, last = nil, c.current
		}
	}
	switch {
	case previous && last == nil:
		return nil, nil, fmt.Errorf("previous terminated container %q in pod %q not found", name, w.pod.Name)
	case previous:
		return c, last, nil
	case current != nil:
		return c, current, nil
	case last != nil:
		return c, last, nil
	}
	switch {
	case c.phase == phaseBlocked && c.reason == reasonErrImagePull:
		return nil, nil, fmt.Errorf("container %q in pod %q is waiting to start: image can't be pulled", name, w.pod.Name)
	case c.phase == phaseBlocked && c.reason == reasonImageBackoff:
		return nil, nil, fmt.Errorf("container %q in pod %q is waiting to start: trying and failing to pull image", name, w.pod.Name)
	}
	reason := reasonCreating
	if c.phase == phaseBlocked {
		reason = c.reason
	} else if c.phase == phaseIdle && len(w.pod.Spec.InitContainers) > 0 {
		reason = reasonInitializing
	}
	return nil, nil, fmt.Errorf("container %q in pod %q is waiting to start: %s", name, w.pod.Name, reason)
}

func (k *kubelet) serveLogs(rw http.ResponseWriter, r *http.Request) {
	namespace, pod, name := r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container")
	q, err := parseLogQuery(r.URL.Query())
	if err != nil {
		http.Error(rw, `{"message": "Unable to decode query."}`, http.StatusBadRequest)
		return
	}
	w := k.worker(namespace, pod)
	if w == nil {
		http.Error(rw, fmt.Sprintf("pod %q does not exist", pod), http.StatusNotFound)
		return
	}
	if w.node.isDead() {
		panic(http.ErrAbortHandler)
	}
	w.mu.Lock()
	c, i, err := w.readable(name, q.previous)
	var log *runLog
	if err == nil {
		log = w.logOf(c, i)
	}
	w.mu.Unlock()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	rw.Header().Set("Content-Type", "text/plain")
	rw.WriteHeader(http.StatusOK)
	out := &logWriter{query: q, log: log, remain: q.limit, to: rw, flush: http.NewResponseController(rw).Flush}
	out.stream(r.Context(), w, c, i)
}

// logWriter sends the lines of one request.
type logWriter struct {
	query  logQuery
	log    *runLog
	remain int64
	buf    []byte
	to     interface{ Write([]byte) (int, error) }
	flush  func() error
}

// stream sends what is there, and goes on if the reader follows: until the run ends, the reader leaves or the
// limit of bytes is reached.
func (o *logWriter) stream(ctx context.Context, w *podWorker, c *container, i *instance) {
	now := time.Now()
	end := o.log.count(now)
	next := o.log.fileStart(end)
	if o.query.tail >= 0 {
		next = max(next, end-o.query.tail)
	}
	if !o.query.since.IsZero() {
		next = o.log.firstNotBefore(o.query.since, next, end)
	}
	for {
		for next < end && o.remain > 0 {
			next = o.send(next, min(end, next+512))
			if _, err := o.to.Write(o.buf); err != nil || ctx.Err() != nil {
				return
			}
			o.buf = o.buf[:0]
		}
		if err := o.flush(); err != nil || !o.query.follow || o.remain <= 0 || !o.log.finished.IsZero() {
			return
		}
		// At high rates lines come in batches, as through a real log file.
		wait := min(max(time.Until(o.log.time(end)), 5*time.Millisecond), 10*time.Second)
		select {
		case <-ctx.Done():
			return
		case <-i.done:
			w.mu.Lock()
			o.log = w.logOf(c, i)
			w.mu.Unlock()
			next = min(next, o.log.body) // the end may have come a moment before the newest lines sent
		case <-time.After(wait):
			if w.node.isDead() {
				panic(http.ErrAbortHandler)
			}
		}
		now = time.Now()
		end = o.log.count(now)
	}
}

// send puts lines [from, to) into the buffer.
func (o *logWriter) send(from, to int64) int64 {
	var line []byte
	for ; from < to && o.remain > 0; from++ {
		line = line[:0]
		if o.query.timestamps {
			line = o.log.time(from).UTC().AppendFormat(line, "2006-01-02T15:04:05.000000000Z07:00")
			line = append(line, ' ')
		}
		var stderr bool
		line, stderr = o.log.line(line, from)
		line = append(line, '\n')
		if o.query.stream == corev1.LogStreamStdout && stderr || o.query.stream == corev1.LogStreamStderr && !stderr {
			continue
		}
		line = line[:min(int64(len(line)), o.remain)]
		o.remain -= int64(len(line))
		o.buf = append(o.buf, line...)
	}
	return from
}
