// kubelet_container.go: one container as a state machine: creating, running, exited, backing off, done.

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type containerRole int

const (
	roleMain containerRole = iota
	roleInit
	roleSidecar // an init container that keeps running
	roleEphemeral
)

type containerPhase int

const (
	phaseIdle     containerPhase = iota // an earlier init container is not done
	phaseCreating                       // waits for its start delay or its volumes
	phaseBlocked                        // waits for an image or a configuration; reason says which
	phaseRunning
	phaseExited  // ended a moment ago and will start again
	phaseBackoff // CrashLoopBackOff
	phaseDone    // ended for good
)

// Reasons of waiting, as a kubelet writes them.
const (
	reasonCreating        = "ContainerCreating"
	reasonInitializing    = "PodInitializing"
	reasonCrashLoop       = "CrashLoopBackOff"
	reasonErrImagePull    = "ErrImagePull"
	reasonImageBackoff    = "ImagePullBackOff"
	reasonConfigError     = "CreateContainerConfigError"
	reasonCompleted       = "Completed"
	reasonError           = "Error"
	reasonOOMKilled       = "OOMKilled"
	firstBackoff          = 10 * time.Second
	longestBackoff        = 5 * time.Minute
	exitedShownFor        = 300 * time.Millisecond
	errImagePullShownFor  = time.Second
	configErrorRetryEvery = 2 * time.Second
)

// instance is one run of a container. Its fields change once, when it ends; done is closed then.
type instance struct {
	id                string
	started, finished time.Time
	exitCode          int32
	reason            string
	done              chan struct{}
}

func (i *instance) ended() bool { return !i.finished.IsZero() }

// container is what the kubelet knows of one container; the worker's lock guards it.
type container struct {
	name, image string
	role        containerRole
	does        behaviour
	phase       containerPhase
	next        time.Time // when to look again; zero: never
	reason      string    // of waiting
	message     string
	backoff     time.Duration // nominal, as shown
	restarts    int32
	current     *instance
	last        *instance
	ready       bool
	probeFailed bool
}

// newInstance names a run so that its identity, and with it its log, can be told from the pod's status alone:
// the last eight digits hold the part of the second, which the status leaves out.
func newInstance(uid types.UID, c *container, started time.Time) *instance {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", uid, c.name, c.restarts))
	return &instance{
		id:      fmt.Sprintf("containerd://%s%08x", hex.EncodeToString(sum[:28]), started.Nanosecond()),
		started: started, done: make(chan struct{}),
	}
}

// restoreInstance is the way back from a status.
func restoreInstance(id string, started metav1.Time, end *corev1.ContainerStateTerminated) *instance {
	i := &instance{id: id, started: started.Time, done: make(chan struct{})}
	if len(id) > 8 {
		if nanos, err := strconv.ParseUint(id[len(id)-8:], 16, 32); err == nil && nanos < 1e9 {
			i.started = i.started.Add(time.Duration(nanos))
		}
	}
	if end != nil {
		// The status has whole seconds only: an end may seem to come before the start.
		i.finished, i.exitCode, i.reason = end.FinishedAt.Time, end.ExitCode, end.Reason
		if i.finished.Before(i.started) {
			i.finished = i.started.Add(time.Second - 1)
		}
		close(i.done)
	}
	return i
}

// start begins a run, or finds out why it cannot. It is called again after every failure to start.
func (w *podWorker) start(c *container, now time.Time) {
	switch c.does.kind {
	case behaviourImagePull:
		w.failPull(c, now)
		return
	case behaviourConfigError:
		message := c.does.message
		if message == "" {
			message = fmt.Sprintf("configmap %q not found", c.name+"-config")
		}
		w.block(c, now, reasonConfigError, message)
		return
	}
	if reason, message := w.missingReference(c); reason != "" {
		w.block(c, now, reason, message)
		return
	}
	if c.restarts == 0 && c.does.restarts > 0 {
		w.pretendHistory(c, now)
		return
	}
	w.event(c, corev1.EventTypeNormal, "Pulled",
		fmt.Sprintf("Container image %q already present on machine and can be accessed by the pod", c.image))
	w.event(c, corev1.EventTypeNormal, "Created", "Container created")
	w.event(c, corev1.EventTypeNormal, "Started", "Container started")
	c.current = newInstance(w.uid, c, now)
	c.phase, c.reason, c.message = phaseRunning, "", ""
	c.ready, c.probeFailed, c.next = false, false, now
}

// block keeps a container waiting for something the user has to repair, and tries again soon.
func (w *podWorker) block(c *container, now time.Time, reason, message string) {
	c.phase, c.reason, c.message = phaseBlocked, reason, message
	c.next = now.Add(configErrorRetryEvery)
	if reason == reasonConfigError {
		w.event(c, corev1.EventTypeWarning, "Failed", "Error: "+message)
		return
	}
	c.message = ""
	w.eventOnPod(corev1.EventTypeWarning, "FailedMount", message)
}

// failPull alternates between ErrImagePull (just tried) and ImagePullBackOff (waits to try again).
func (w *podWorker) failPull(c *container, now time.Time) {
	cause := fmt.Sprintf("rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve reference %q: %s: not found",
		c.image, c.image, c.image)
	if c.does.message != "" {
		cause = c.does.message
	}
	if c.phase == phaseBlocked && c.reason == reasonErrImagePull {
		c.reason = reasonImageBackoff
		c.message = fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", c.image, cause)
		c.next = now.Add(scaled(c.backoff, c.does.factor))
		w.event(c, corev1.EventTypeNormal, "BackOff", fmt.Sprintf("Back-off pulling image %q", c.image))
		w.event(c, corev1.EventTypeWarning, "Failed", "Error: ImagePullBackOff")
		return
	}
	c.backoff = nextBackoff(c.backoff)
	c.phase, c.reason, c.message = phaseBlocked, reasonErrImagePull, cause
	c.next = now.Add(errImagePullShownFor)
	w.event(c, corev1.EventTypeNormal, "Pulling", fmt.Sprintf("Pulling image %q", c.image))
	w.event(c, corev1.EventTypeWarning, "Failed", fmt.Sprintf("Failed to pull image %q: %s", c.image, cause))
	w.event(c, corev1.EventTypeWarning, "Failed", "Error: ErrImagePull")
}

// exit ends the current run. Whether and when another follows is decided by the pod's restart policy.
func (w *podWorker) exit(c *container, now time.Time, code int32, reason string) {
	i := c.current
	i.finished, i.exitCode, i.reason = now, code, reason
	close(i.done)
	c.ready = false
	if !w.restarts(c, code) {
		c.phase, c.next = phaseDone, time.Time{}
		return
	}
	if now.Sub(i.started) > 2*longestBackoff {
		c.backoff = 0
	}
	c.phase, c.next = phaseExited, now.Add(exitedShownFor)
}

// afterExit follows the short time in which an ended container is shown as such.
func (w *podWorker) afterExit(c *container, now time.Time) {
	if c.backoff == 0 && c.restarts == 0 { // the first restart comes at once
		c.backoff = firstBackoff / 2
		w.restart(c, now)
		return
	}
	c.backoff = nextBackoff(c.backoff)
	w.backOff(c)
}

func (w *podWorker) backOff(c *container) {
	c.phase, c.reason = phaseBackoff, reasonCrashLoop
	c.message = fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", c.backoff, c.name, w.fullName())
	c.next = c.current.finished.Add(scaled(c.backoff, c.does.factor))
	w.event(c, corev1.EventTypeWarning, "BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s", c.name, w.fullName()))
}

func (w *podWorker) restart(c *container, now time.Time) {
	c.last, c.current = c.current, nil
	c.restarts++
	w.start(c, now)
}

// pretendHistory lets a container begin its life deep in a crash loop.
func (w *podWorker) pretendHistory(c *container, now time.Time) {
	c.restarts = c.does.restarts
	c.backoff = longestBackoff
	if c.restarts < 6 {
		c.backoff = firstBackoff << max(c.restarts-1, 0)
	}
	began := now.Add(-c.does.runFor)
	c.current = newInstance(w.uid, c, began)
	c.current.finished, c.current.exitCode, c.current.reason = now, c.does.exitCode, exitReason(c)
	close(c.current.done)
	w.backOff(c)
}

// step moves one container as far as it can go now.
func (w *podWorker) step(c *container, now time.Time) {
	if c.next.IsZero() || now.Before(c.next) {
		return
	}
	c.next = time.Time{}
	switch c.phase {
	case phaseCreating, phaseBlocked:
		w.start(c, now)
		if c.phase == phaseRunning {
			w.step(c, now)
		}
	case phaseRunning:
		w.stepRunning(c, now)
	case phaseExited:
		w.afterExit(c, now)
	case phaseBackoff:
		w.restart(c, now)
	}
}

func (w *podWorker) stepRunning(c *container, now time.Time) {
	ends := c.current.started.Add(c.does.runFor)
	if c.does.exits() && !now.Before(ends) {
		w.exit(c, now, c.does.exitCode, exitReason(c))
		return
	}
	if c.does.exits() {
		c.next = ends
	}
	readyAt := c.current.started.Add(c.does.readyAfter)
	switch {
	case c.ready:
	case c.does.kind == behaviourNeverReady:
		w.event(c, corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
		c.next = earlier(c.next, now.Add(10*time.Second))
	case !now.Before(readyAt):
		c.ready = true
	default:
		if !c.probeFailed && c.does.readyAfter >= 2*time.Second && c.does.readyAfter < never {
			c.probeFailed = true
			w.event(c, corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
		}
		c.next = earlier(c.next, readyAt)
	}
}

// restarts tells whether a container that ended with code is started again.
func (w *podWorker) restarts(c *container, code int32) bool {
	switch {
	case c.role == roleEphemeral:
		return false
	case c.role == roleSidecar:
		return true
	case c.role == roleInit:
		return code != 0 && w.policy != corev1.RestartPolicyNever
	case w.policy == corev1.RestartPolicyAlways:
		return true
	case w.policy == corev1.RestartPolicyOnFailure:
		return code != 0
	}
	return false
}

func exitReason(c *container) string {
	switch {
	case c.does.kind == behaviourOOM:
		return reasonOOMKilled
	case c.does.exitCode == 0:
		return reasonCompleted
	}
	return reasonError
}

func nextBackoff(d time.Duration) time.Duration {
	if d == 0 {
		return firstBackoff
	}
	return min(2*d, longestBackoff)
}

func scaled(d time.Duration, factor float64) time.Duration { return time.Duration(float64(d) * factor) }

// earlier ignores a zero time.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// shortID is the part of a container ID a person reads.
func shortID(id string) string {
	_, id, _ = strings.Cut(id, "://")
	return id[:min(12, len(id))]
}
