// kubelet_log.go: the log of a container run, computed instead of stored: line i is a function of the run's ID and
// i, its time of the run's start and i. So a log costs no memory, is the same after a restart of the testbed, and
// the previous run's log can be read as long as the pod's status names that run.

package main

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// logSpec is what the annotations say about a log.
type logSpec struct {
	lines  int64   // written at start
	rate   float64 // lines a second after that
	rotate int64   // a new file begins after so many lines; readers see the newest file only
	text   string  // instead of made-up lines; {seq} {pod} {namespace} {container} {node} are filled in
	format string  // plain, json or logfmt
}

const (
	firstLineAfter = 5 * time.Millisecond
	lineStep       = 3 * time.Millisecond
	startUpTakes   = time.Second // at most, for the lines written at start
)

func logSpecOf(a annotations) logSpec {
	return logSpec{
		lines:  a.integer("log-lines", 20),
		rate:   a.float("log-rate", 0.5),
		rotate: max(a.integer("log-rotate-lines", 200_000), 1),
		text:   a.text("log-text", ""),
		format: a.text("log-format", "plain"),
	}
}

// runLog is the log of one run.
type runLog struct {
	spec                            logSpec
	pod, namespace, container, node string
	seed                            uint64
	started                         time.Time
	finished                        time.Time // zero while it runs
	step                            time.Duration
	body                            int64    // number of ordinary lines, once finished
	last                            []string // what it says when it ends
}

// logOf takes a snapshot; a reader that follows asks again after the run ended.
func (w *podWorker) logOf(c *container, i *instance) *runLog {
	l := &runLog{
		spec: c.does.log, pod: w.pod.Name, namespace: w.pod.Namespace, container: c.name, node: w.node.name,
		seed: uint64(hashOf(i.id)), started: i.started, step: lineStep,
	}
	if l.spec.lines > 0 {
		l.step = min(lineStep, startUpTakes/time.Duration(l.spec.lines))
	}
	if i.ended() {
		l.end(i.finished, i.exitCode, i.reason)
	}
	return l
}

func (l *runLog) end(finished time.Time, exitCode int32, reason string) {
	l.last = lastWords(l, exitCode, reason)
	l.finished = finished
	l.body = l.ordinary(finished)
}

// count is the number of lines written up to now.
func (l *runLog) count(now time.Time) int64 {
	if l.finished.IsZero() {
		return l.ordinary(now)
	}
	return l.body + int64(len(l.last))
}

// ordinary counts the lines with a time not after t, leaving the end aside.
func (l *runLog) ordinary(t time.Time) int64 {
	since := t.Sub(l.started) - firstLineAfter
	if since < 0 {
		return 0
	}
	if n := int64(since/max(l.step, 1)) + 1; n <= l.spec.lines {
		return n
	}
	later := since - time.Duration(l.spec.lines)*l.step
	if l.spec.rate == 0 || later < 0 {
		return l.spec.lines
	}
	n := l.spec.lines + int64(later.Seconds()*l.spec.rate)
	for n > l.spec.lines && l.time(n-1).After(t) { // rounding
		n--
	}
	for !l.time(n).After(t) {
		n++
	}
	return n
}

// time of line i.
func (l *runLog) time(i int64) time.Time {
	if !l.finished.IsZero() && i >= l.body {
		return l.finished.Add(time.Duration(i-l.body) * time.Microsecond)
	}
	if i < l.spec.lines {
		return l.started.Add(firstLineAfter + time.Duration(i)*l.step)
	}
	if l.spec.rate == 0 {
		return time.Unix(math.MaxInt32, 0)
	}
	later := float64(i-l.spec.lines+1) / l.spec.rate * float64(time.Second)
	return l.started.Add(firstLineAfter + time.Duration(l.spec.lines)*l.step + time.Duration(later))
}

// fileStart is the first line of the file that line n-1 is in.
func (l *runLog) fileStart(n int64) int64 {
	if n == 0 {
		return 0
	}
	return (n - 1) / l.spec.rotate * l.spec.rotate
}

// firstNotBefore finds the first of lines [from, to) whose time is not before t.
func (l *runLog) firstNotBefore(t time.Time, from, to int64) int64 {
	return from + int64(sort.Search(int(to-from), func(k int) bool { return !l.time(from + int64(k)).Before(t) }))
}

// line appends line i without its end and tells whether it went to stderr.
func (l *runLog) line(buf []byte, i int64) (_ []byte, stderr bool) {
	if !l.finished.IsZero() && i >= l.body {
		text := l.last[i-l.body]
		return append(buf, text...), !strings.HasPrefix(text, "INFO")
	}
	if l.spec.text != "" {
		return append(buf, l.fill(i)...), false
	}
	r := mix(l.seed + uint64(i))
	level, message := "INFO", messages[r>>8%uint64(len(messages))]
	switch n := r % 100; {
	case i < int64(len(startMessages)):
		message = startMessages[i]
	case n < 3:
		level, message = "ERROR", errorMessages[r>>8%uint64(len(errorMessages))]
	case n < 10:
		level, message = "WARN", warnMessages[r>>8%uint64(len(warnMessages))]
	}
	millis := int64(1 + r>>24%240)
	switch l.spec.format {
	case "json":
		buf = append(buf, `{"time":"`...)
		buf = l.time(i).UTC().AppendFormat(buf, time.RFC3339Nano)
		buf = append(append(append(buf, `","level":"`...), strings.ToLower(level)...), `","msg":"`...)
		buf = append(append(buf, message...), `","trace_id":"`...)
		buf = appendHex(buf, r, 16)
		buf = strconv.AppendInt(append(buf, `","duration_ms":`...), millis, 10)
		buf = strconv.AppendInt(append(buf, `,"seq":`...), i, 10)
		return append(buf, '}'), level == "ERROR"
	case "logfmt":
		buf = append(buf, "ts="...)
		buf = l.time(i).UTC().AppendFormat(buf, time.RFC3339Nano)
		buf = append(append(append(buf, " level="...), strings.ToLower(level)...), ` msg="`...)
		buf = append(append(buf, message...), `" trace_id=`...)
		buf = appendHex(buf, r, 16)
		buf = strconv.AppendInt(append(buf, " duration_ms="...), millis, 10)
	default:
		buf = append(append(buf, level...), "      "[:6-len(level)]...)
		buf = append(append(buf, message...), " trace="...)
		buf = appendHex(buf, r, 8)
		buf = strconv.AppendInt(append(buf, " took="...), millis, 10)
		buf = append(buf, "ms"...)
	}
	return strconv.AppendInt(append(buf, " seq="...), i, 10), level == "ERROR"
}

func (l *runLog) fill(i int64) string {
	if !strings.Contains(l.spec.text, "{") {
		return l.spec.text
	}
	return strings.NewReplacer("{seq}", strconv.FormatInt(i, 10), "{pod}", l.pod, "{namespace}", l.namespace,
		"{container}", l.container, "{node}", l.node).Replace(l.spec.text)
}

// lastWords are the lines a run leaves behind, by how it ended.
func lastWords(l *runLog, exitCode int32, reason string) []string {
	code := strconv.Itoa(int(exitCode))
	switch {
	case reason == reasonOOMKilled:
		return []string{
			"WARN  heap grows: 81% of the memory limit in use",
			"WARN  heap grows: 94% of the memory limit in use",
			"ERROR allocation of 67108864 bytes failed: out of memory",
			"FATAL pod " + l.namespace + "/" + l.pod + ": memory limit reached, killed process 1 (" + l.container + ") with signal 9, exit code " + code,
		}
	case exitCode != 0:
		return []string{
			"ERROR cannot load configuration: dial tcp 10.96.0.15:5432: connect: connection refused",
			"panic: runtime error: invalid memory address or nil pointer dereference",
			"[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6b2f40]",
			"",
			"goroutine 1 [running]:",
			"main.(*Server).loadConfig(0x0, {0xc00012e0c0, 0x1f})",
			"\t/app/server.go:" + strconv.Itoa(40+int(l.seed%200)) + " +0x1d",
			"main.main()",
			"\t/app/main.go:31 +0x9c",
			"panic: pod " + l.namespace + "/" + l.pod + " container " + l.container + " exits with code " + code,
		}
	case reason == reasonCompleted:
		return []string{"INFO  all work done, exiting with code 0"}
	}
	return nil
}

var startMessages = []string{
	"starting", "loading configuration from /etc/app/config.yaml", "connected to the database", "cache warmed up",
	"listening on :8080",
}

var messages = []string{
	"GET /api/v1/orders 200", "GET /api/v1/orders/4711 200", "POST /api/v1/orders 201", "GET /healthz 200", "GET /metrics 200",
	"order placed", "payment authorised", "cart updated", "session refreshed", "cache hit for the product list",
	"message published to orders.created", "stock reserved", "mail queued", "GET /api/v1/products?page=2 200",
}

var warnMessages = []string{
	"slow query on table orders", "retrying request to payments, attempt 2", "cache miss rate above 40%",
	"connection pool nearly used up: 46 of 50", "deprecated field customer_id in request",
}

var errorMessages = []string{
	"GET /api/v1/orders/9001 500: context deadline exceeded", "payment refused: upstream returned 502",
	"cannot publish to orders.created: broker not available", "query failed: deadlock detected",
}

// mix is splitmix64: one step from a counter to a well spread number.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func appendHex(buf []byte, x uint64, n int) []byte {
	const digits = "0123456789abcdef"
	for i := range n {
		buf = append(buf, digits[x>>(4*uint(i))&15])
	}
	return buf
}
