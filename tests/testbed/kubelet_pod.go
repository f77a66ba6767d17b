// kubelet_pod.go: the worker of one bound pod: it steps its containers, writes the status and ends a deleted pod.

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

type podWorker struct {
	kubelet *kubelet
	node    *node
	uid     types.UID
	policy  corev1.RestartPolicy
	signal  chan struct{} // something changed
	ended   chan struct{}
	once    sync.Once

	mu         sync.Mutex
	pod        *corev1.Pod // newest version seen
	containers []*container
	started    metav1.Time
	ip         string
	deleteAt   time.Time
}

func newPodWorker(k *kubelet, n *node, pod *corev1.Pod) *podWorker {
	w := &podWorker{
		kubelet: k, node: n, uid: pod.UID, policy: pod.Spec.RestartPolicy,
		signal: make(chan struct{}, 1), ended: make(chan struct{}), pod: pod,
	}
	if ip := pod.Status.PodIP; ip != "" {
		w.ip = ip
		k.podIPs[ip] = pod.UID
	}
	w.adopt(pod)
	return w
}

// observe takes a newer version of the pod object.
func (w *podWorker) observe(pod *corev1.Pod) {
	w.mu.Lock()
	w.pod = pod
	w.mu.Unlock()
	w.wake()
}

func (w *podWorker) wake() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

func (w *podWorker) stop() {
	w.once.Do(func() { close(w.ended) })
}

// run is the worker's loop: step, write, sleep until the next moment that matters.
func (w *podWorker) run(ctx context.Context) {
	defer w.closeInstances()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.ended:
			return
		case <-w.signal:
		case <-timer.C:
		}
		if w.node.isDead() {
			continue
		}
		next, err := w.sync(ctx)
		if err != nil && ctx.Err() == nil {
			klog.ErrorS(err, "Syncing", "pod", w.fullName())
			next = time.Now().Add(time.Second)
		}
		if next.IsZero() {
			next = time.Now().Add(time.Hour)
		}
		timer.Reset(max(time.Until(next), 0))
	}
}

// sync brings the pod as far as it can be now and returns when to look again.
func (w *podWorker) sync(ctx context.Context) (time.Time, error) {
	w.mu.Lock()
	now := time.Now()
	pod := w.pod
	if pod.DeletionTimestamp != nil {
		next, gone := w.terminate(now)
		w.mu.Unlock()
		if !gone {
			return next, nil
		}
		return time.Time{}, w.remove(ctx, pod)
	}
	if w.ip == "" {
		w.ip = w.node.internalIP
		if !pod.Spec.HostNetwork {
			w.ip = w.kubelet.podIP(pod)
		}
	}
	if w.started.IsZero() {
		w.started = metav1.NewTime(now)
	}
	w.refresh(pod, now)
	next := w.stepAll(now)
	status := w.status(pod)
	w.mu.Unlock()
	if terminal(pod.Status.Phase) && !terminal(status.Phase) {
		return time.Time{}, nil // a controller gave the pod up
	}
	if sameStatus(&pod.Status, status) {
		return next, nil
	}
	return next, w.write(ctx, pod, status)
}

// stepAll runs the init containers one after the other, then the main ones together.
func (w *podWorker) stepAll(now time.Time) (next time.Time) {
	blocked := false
	for _, c := range w.containers {
		if c.role == roleMain && blocked {
			continue
		}
		if blocked && c.role != roleEphemeral {
			continue
		}
		if c.phase == phaseIdle {
			c.phase, c.next = phaseCreating, now.Add(c.does.startAfter)
		}
		w.step(c, now)
		next = earlier(next, c.next)
		switch c.role {
		case roleInit:
			blocked = c.phase != phaseDone || c.current.exitCode != 0
		case roleSidecar:
			blocked = c.current == nil
		}
	}
	return next
}

// refresh follows changes of the pod's spec: new ephemeral containers and new images.
func (w *podWorker) refresh(pod *corev1.Pod, now time.Time) {
	for i := range pod.Spec.EphemeralContainers {
		spec := corev1.Container(pod.Spec.EphemeralContainers[i].EphemeralContainerCommon)
		if w.find(spec.Name) == nil {
			w.containers = append(w.containers, w.newContainer(pod, &spec, roleEphemeral))
		}
	}
	specs := append(append([]corev1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...)
	for i := range specs {
		c := w.find(specs[i].Name)
		if c == nil || c.image == specs[i].Image {
			continue
		}
		c.image = specs[i].Image
		c.does = behaviourOf(w.kubelet.opts, pod, &specs[i], c.role)
		switch c.phase {
		case phaseRunning:
			w.event(c, corev1.EventTypeNormal, "Killing", fmt.Sprintf("Container %s definition changed, will be restarted", c.name))
			w.exit(c, now, 143, reasonError)
			w.restart(c, now)
		case phaseBackoff, phaseExited:
			w.restart(c, now)
		case phaseBlocked:
			c.phase, c.next, c.backoff = phaseCreating, now, 0
		}
	}
}

// terminate says when a deleted pod may go, and whether that is now.
func (w *podWorker) terminate(now time.Time) (next time.Time, gone bool) {
	if w.deleteAt.IsZero() {
		w.deleteAt = now.Add(stopDelay(w.pod))
		running := false
		for _, c := range w.containers {
			if c.phase == phaseRunning {
				running = true
				w.event(c, corev1.EventTypeNormal, "Killing", "Stopping container "+c.name)
			}
		}
		if !running {
			w.deleteAt = now
		}
	}
	if limit := w.pod.DeletionTimestamp.Time; limit.Before(w.deleteAt) {
		w.deleteAt = limit // the grace period was shortened
	}
	if now.Before(w.deleteAt) {
		return w.deleteAt, false
	}
	for _, c := range w.containers {
		if c.phase == phaseRunning {
			c.current.finished, c.current.exitCode, c.current.reason = now, 0, reasonCompleted
			close(c.current.done)
		}
		c.phase, c.next = phaseDone, time.Time{}
	}
	return time.Time{}, true
}

func (w *podWorker) remove(ctx context.Context, pod *corev1.Pod) error {
	zero := int64(0)
	err := w.kubelet.client.kube.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &zero, Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// closeInstances lets those who follow a log of a vanished pod go.
func (w *podWorker) closeInstances() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.containers {
		if c.phase == phaseRunning && !c.current.ended() {
			c.current.finished, c.current.reason = time.Now(), reasonError
			close(c.current.done)
			c.phase = phaseDone
		}
	}
}

// kill ends a running container from within, as `kill 1` in a shell does.
func (w *podWorker) kill(name string, code int32) {
	w.mu.Lock()
	if c := w.find(name); c != nil && c.phase == phaseRunning {
		reason := reasonError
		if code == 0 {
			reason = reasonCompleted
		}
		w.exit(c, time.Now(), code, reason)
	}
	w.mu.Unlock()
	w.wake()
}

func (w *podWorker) find(name string) *container {
	for _, c := range w.containers {
		if c.name == name {
			return c
		}
	}
	return nil
}

// fullName is how a kubelet writes a pod in messages.
func (w *podWorker) fullName() string {
	return fmt.Sprintf("%s_%s(%s)", w.pod.Name, w.pod.Namespace, w.uid)
}

// event writes an event about one container.
func (w *podWorker) event(c *container, kind, reason, message string) {
	path := "spec.containers{%s}"
	switch c.role {
	case roleInit, roleSidecar:
		path = "spec.initContainers{%s}"
	case roleEphemeral:
		path = "spec.ephemeralContainers{%s}"
	}
	ref := w.reference()
	ref.FieldPath = fmt.Sprintf(path, c.name)
	w.node.events.Event(ref, kind, reason, message)
}

func (w *podWorker) eventOnPod(kind, reason, message string) {
	w.node.events.Event(w.reference(), kind, reason, message)
}

func (w *podWorker) reference() *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: w.pod.Namespace, Name: w.pod.Name, UID: w.uid,
		ResourceVersion: w.pod.ResourceVersion,
	}
}
