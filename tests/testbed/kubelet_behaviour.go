// kubelet_behaviour.go: what a container shall do, read from its pod's annotations, its image's tag and its owner.

package main

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Values of the annotation "behaviour".
const (
	behaviourRunning     = "running"
	behaviourCrashLoop   = "crashloop"
	behaviourImagePull   = "imagepull"
	behaviourOOM         = "oom"
	behaviourConfigError = "pending-config-error"
	behaviourSlowReady   = "slow-ready"
	behaviourNeverReady  = "never-ready"
	behaviourComplete    = "complete"
	behaviourFail        = "fail"
)

const never = 1000 * time.Hour

// behaviour is frozen when a container is first seen, so that its log stays the same for its whole life.
type behaviour struct {
	kind       string
	exitCode   int32
	readyAfter time.Duration
	runFor     time.Duration // until it exits by itself, for the kinds that do
	startAfter time.Duration // spent in ContainerCreating
	stopAfter  time.Duration // from deletion to being gone
	restarts   int32         // restarts it pretends to have behind it
	factor     float64       // share of a back-off that is really waited
	message    string
	log        logSpec
}

// exits tells whether the container ends by itself.
func (b *behaviour) exits() bool {
	switch b.kind {
	case behaviourCrashLoop, behaviourOOM, behaviourComplete, behaviourFail:
		return true
	}
	return false
}

// annotations reads testbed.skyfleet.dev/KEY.CONTAINER, else testbed.skyfleet.dev/KEY.
type annotations struct {
	values    map[string]string
	container string
	own       bool // only the container's own annotations count
}

func (a annotations) text(key, otherwise string) string {
	if v, ok := a.values[annotationPrefix+key+"."+a.container]; ok {
		return v
	}
	if v, ok := a.values[annotationPrefix+key]; ok && !a.own {
		return v
	}
	return otherwise
}

func (a annotations) duration(key string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(a.text(key, "")); err == nil {
		return d
	}
	return otherwise
}

func (a annotations) float(key string, otherwise float64) float64 {
	if f, err := strconv.ParseFloat(a.text(key, ""), 64); err == nil && f >= 0 {
		return f
	}
	return otherwise
}

func (a annotations) integer(key string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(a.text(key, ""), 10, 64); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// behaviourOf decides for one container. Init containers listen to annotations that name them and to images.
func behaviourOf(o *options, pod *corev1.Pod, c *corev1.Container, role containerRole) behaviour {
	a := annotations{pod.Annotations, c.Name, role != roleMain}
	b := behaviour{kind: behaviourRunning, readyAfter: readinessDelay(c)}
	if role == roleInit || role == roleMain && ownedByJob(pod) {
		b.kind = behaviourComplete
	}
	switch tag := imageTag(c.Image); {
	case strings.Contains(tag, "missing"):
		b.kind = behaviourImagePull
	case strings.Contains(tag, "crash"):
		b.kind = behaviourCrashLoop
	case strings.Contains(tag, "oom"):
		b.kind = behaviourOOM
	case strings.Contains(tag, "slow"):
		b.kind = behaviourSlowReady
	}
	b.kind = a.text("behaviour", b.kind)

	switch b.kind {
	case behaviourCrashLoop, behaviourFail:
		b.exitCode, b.runFor = 1, time.Second
	case behaviourOOM:
		b.exitCode, b.runFor = 137, time.Second
	case behaviourComplete:
		b.runFor = time.Second
		if role == roleInit {
			b.runFor = 300 * time.Millisecond
		}
	case behaviourSlowReady:
		b.readyAfter = 5 * time.Second
	}
	b.exitCode = int32(a.integer("exit-code", int64(b.exitCode)))
	b.runFor = a.duration("run-for", b.runFor)
	if b.kind == behaviourCrashLoop || b.kind == behaviourOOM {
		b.readyAfter = never // it dies before its probe succeeds, so a rollout of it gets stuck
	}
	b.readyAfter = a.duration("ready-after", b.readyAfter)
	b.startAfter = a.duration("start-after", o.startDelay)
	b.factor = a.float("backoff-factor", o.backoffFactor)
	b.restarts = int32(a.integer("restarts", 0))
	b.message = a.text("message", "")
	b.log = logSpecOf(a)
	return b
}

// readinessDelay is what a real probe would take to succeed the first time, without its period.
func readinessDelay(c *corev1.Container) time.Duration {
	if c.ReadinessProbe == nil {
		return 0
	}
	return time.Duration(c.ReadinessProbe.InitialDelaySeconds) * time.Second
}

// stopDelay is the time from the deletion of a pod to its end; it never exceeds the grace period.
func stopDelay(pod *corev1.Pod) time.Duration {
	grace := 30 * time.Second
	if pod.DeletionGracePeriodSeconds != nil {
		grace = time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second
	}
	if pod.Annotations[annotationPrefix+"stop-after"] == "grace" {
		return grace
	}
	return min(annotations{values: pod.Annotations}.duration("stop-after", 700*time.Millisecond), grace)
}

func ownedByJob(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "Job"
}

// imageTag is the part after the last colon of the last path element, without a digest.
func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	last := image[strings.LastIndexByte(image, '/')+1:]
	if _, tag, ok := strings.Cut(last, ":"); ok {
		return tag
	}
	return "latest"
}

// hashOf is the source of everything made up but stable.
func hashOf(s string) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return int(h.Sum64() >> 2)
}
