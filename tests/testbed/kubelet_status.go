// kubelet_status.go: from containers to a pod's status and back (after a restart of the testbed).

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func (w *podWorker) newContainer(pod *corev1.Pod, spec *corev1.Container, role containerRole) *container {
	return &container{
		name: spec.Name, image: spec.Image, role: role,
		does: behaviourOf(w.kubelet.opts, pod, spec, role),
	}
}

// adopt makes the containers of a pod, and continues where its status left off.
func (w *podWorker) adopt(pod *corev1.Pod) {
	for i := range pod.Spec.InitContainers {
		spec := &pod.Spec.InitContainers[i]
		role := roleInit
		if spec.RestartPolicy != nil && *spec.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			role = roleSidecar
		}
		w.containers = append(w.containers, w.newContainer(pod, spec, role))
	}
	for i := range pod.Spec.Containers {
		w.containers = append(w.containers, w.newContainer(pod, &pod.Spec.Containers[i], roleMain))
	}
	for i := range pod.Spec.EphemeralContainers {
		spec := corev1.Container(pod.Spec.EphemeralContainers[i].EphemeralContainerCommon)
		w.containers = append(w.containers, w.newContainer(pod, &spec, roleEphemeral))
	}
	if pod.Status.StartTime == nil {
		return
	}
	w.started = *pod.Status.StartTime
	statuses := append(append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...),
		pod.Status.ContainerStatuses...), pod.Status.EphemeralContainerStatuses...)
	for i := range statuses {
		if c := w.find(statuses[i].Name); c != nil {
			w.restore(c, &statuses[i])
		}
	}
}

// restore sets one container to what its status says.
func (w *podWorker) restore(c *container, s *corev1.ContainerStatus) {
	now := time.Now()
	c.restarts = s.RestartCount
	if c.restarts > 0 {
		c.backoff = min(firstBackoff<<min(c.restarts-1, 5), longestBackoff)
	}
	if t := s.LastTerminationState.Terminated; t != nil {
		c.last = restoreInstance(t.ContainerID, t.StartedAt, t)
	}
	switch {
	case s.State.Running != nil:
		c.current = restoreInstance(s.ContainerID, s.State.Running.StartedAt, nil)
		c.phase, c.next, c.ready = phaseRunning, now, s.Ready
	case s.State.Terminated != nil:
		t := s.State.Terminated
		c.current = restoreInstance(t.ContainerID, t.StartedAt, t)
		c.phase = phaseDone
		if w.restarts(c, t.ExitCode) {
			c.phase, c.next = phaseExited, now
		}
	case s.State.Waiting != nil && s.State.Waiting.Reason == reasonCrashLoop && c.last != nil:
		c.current, c.last = c.last, nil
		c.phase, c.reason, c.message = phaseBackoff, reasonCrashLoop, s.State.Waiting.Message
		c.next = c.current.finished.Add(scaled(c.backoff, c.does.factor))
	}
}

// status is the part of a pod's status a kubelet owns.
func (w *podWorker) status(pod *corev1.Pod) *corev1.PodStatus {
	s := &corev1.PodStatus{
		ObservedGeneration: pod.Generation,
		StartTime:          &w.started,
		HostIP:             w.node.internalIP,
		HostIPs:            []corev1.HostIP{{IP: w.node.internalIP}},
		PodIP:              w.ip,
		PodIPs:             []corev1.PodIP{{IP: w.ip}},
	}
	waitFor := reasonCreating
	for _, c := range w.containers {
		if c.role == roleInit || c.role == roleSidecar {
			if !initialized(c) {
				waitFor = reasonInitializing
			}
		}
	}
	for _, c := range w.containers {
		cs := c.status(waitFor)
		switch c.role {
		case roleInit, roleSidecar:
			s.InitContainerStatuses = append(s.InitContainerStatuses, cs)
		case roleMain:
			s.ContainerStatuses = append(s.ContainerStatuses, cs)
		case roleEphemeral:
			s.EphemeralContainerStatuses = append(s.EphemeralContainerStatuses, cs)
		}
	}
	s.Phase = w.phase()
	w.conditions(pod, s)
	return s
}

func initialized(c *container) bool {
	if c.role == roleSidecar {
		return c.current != nil
	}
	return c.phase == phaseDone && c.current.exitCode == 0
}

// status of one container, as the kubelet would write it.
func (c *container) status(waitFor string) corev1.ContainerStatus {
	started := c.phase == phaseRunning
	s := corev1.ContainerStatus{Name: c.name, Image: c.image, RestartCount: c.restarts, Ready: c.ready, Started: &started}
	if c.role == roleInit {
		s.Ready = c.phase == phaseDone && c.current.exitCode == 0
	}
	shown := c.last
	switch c.phase {
	case phaseIdle, phaseCreating:
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: waitFor}
	case phaseBlocked:
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: c.reason, Message: c.message}
	case phaseBackoff:
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: c.reason, Message: c.message}
		shown = c.current
	case phaseRunning:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(c.current.started)}
	case phaseExited, phaseDone:
		s.State.Terminated = c.current.terminated()
	}
	if shown != nil {
		s.LastTerminationState.Terminated = shown.terminated()
	}
	if c.current != nil {
		s.ContainerID = c.current.id
		s.ImageID = imageID(c.image)
	}
	return s
}

func (i *instance) terminated() *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{
		ExitCode: i.exitCode, Reason: i.reason, ContainerID: i.id,
		StartedAt: metav1.NewTime(i.started), FinishedAt: metav1.NewTime(i.finished),
	}
}

func imageID(image string) string {
	name, _, _ := strings.Cut(image, "@")
	return fmt.Sprintf("%s@sha256:%016x%016x%016x%016x", strings.TrimSuffix(name, ":"+imageTag(name)),
		hashOf(image), hashOf(image+"1"), hashOf(image+"2"), hashOf(image+"3"))
}

// phase follows the kubelet's rules for the pod as a whole.
func (w *podWorker) phase() corev1.PodPhase {
	pending, running, failed := false, false, false
	for _, c := range w.containers {
		switch c.role {
		case roleInit:
			if c.phase == phaseDone && c.current.exitCode != 0 {
				return corev1.PodFailed
			}
			pending = pending || !initialized(c)
		case roleMain:
			switch c.phase {
			case phaseDone:
				failed = failed || c.current.exitCode != 0
			case phaseIdle, phaseCreating, phaseBlocked:
				pending = pending || c.last == nil
				running = running || c.last != nil
			default:
				running = true
			}
		}
	}
	switch {
	case pending:
		return corev1.PodPending
	case running:
		return corev1.PodRunning
	case failed:
		return corev1.PodFailed
	}
	return corev1.PodSucceeded
}

// conditions writes those a kubelet owns; PodScheduled is the scheduler's.
func (w *podWorker) conditions(pod *corev1.Pod, s *corev1.PodStatus) {
	var unready, uninitialized []string
	for _, c := range w.containers {
		switch c.role {
		case roleMain:
			if !c.ready {
				unready = append(unready, c.name)
			}
		case roleInit, roleSidecar:
			if !initialized(c) {
				uninitialized = append(uninitialized, c.name)
			}
			if c.role == roleSidecar && !c.ready {
				unready = append(unready, c.name)
			}
		}
	}
	set := func(t corev1.PodConditionType, ok bool, reason, message string) {
		c := corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, ObservedGeneration: pod.Generation, LastTransitionTime: metav1.Now()}
		if !ok {
			c.Status = corev1.ConditionFalse
		}
		c.Reason, c.Message = reason, message
		for _, old := range pod.Status.Conditions {
			if old.Type == t && old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
		}
		s.Conditions = append(s.Conditions, c)
	}
	set(corev1.PodReadyToStartContainers, !terminal(s.Phase), "", "")
	switch {
	case s.Phase == corev1.PodSucceeded:
		set(corev1.PodInitialized, true, "PodCompleted", "")
	case len(uninitialized) > 0:
		set(corev1.PodInitialized, false, "ContainersNotInitialized", fmt.Sprintf("containers with incomplete status: %s", uninitialized))
	default:
		set(corev1.PodInitialized, true, "", "")
	}
	reason, message := "", ""
	switch {
	case s.Phase == corev1.PodSucceeded:
		reason = "PodCompleted"
	case s.Phase == corev1.PodFailed:
		reason = "PodFailed"
	case len(unready) > 0:
		reason, message = "ContainersNotReady", fmt.Sprintf("containers with unready status: %s", unready)
	}
	set(corev1.ContainersReady, reason == "", reason, message)
	if gate := w.closedGate(pod); reason == "" && gate != "" {
		reason, message = "ReadinessGatesNotReady", gate
	}
	set(corev1.PodReady, reason == "", reason, message)
}

// closedGate names the first readiness gate that is not open.
func (w *podWorker) closedGate(pod *corev1.Pod) string {
	for _, gate := range pod.Spec.ReadinessGates {
		status := corev1.ConditionStatus("")
		for _, c := range pod.Status.Conditions {
			if c.Type == gate.ConditionType {
				status = c.Status
			}
		}
		switch status {
		case corev1.ConditionTrue:
		case "":
			return fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", gate.ConditionType)
		default:
			return fmt.Sprintf("the status of pod readiness gate %q is not \"True\", but %v", gate.ConditionType, status)
		}
	}
	return ""
}

func terminal(phase corev1.PodPhase) bool {
	return phase == corev1.PodSucceeded || phase == corev1.PodFailed
}

// sameStatus compares what is ours with what the API server has.
func sameStatus(have, want *corev1.PodStatus) bool {
	if have.Phase != want.Phase || have.PodIP != want.PodIP || have.HostIP != want.HostIP || have.StartTime == nil ||
		have.ObservedGeneration != want.ObservedGeneration {
		return false
	}
	for _, c := range want.Conditions {
		found := false
		for _, old := range have.Conditions {
			if old.Type == c.Type {
				found = old.Status == c.Status && old.Reason == c.Reason && old.Message == c.Message
			}
		}
		if !found {
			return false
		}
	}
	return sameContainers(have.ContainerStatuses, want.ContainerStatuses) &&
		sameContainers(have.InitContainerStatuses, want.InitContainerStatuses) &&
		sameContainers(have.EphemeralContainerStatuses, want.EphemeralContainerStatuses)
}

// sameContainers compares as JSON would: times in whole seconds, and without what the server fills in.
func sameContainers(have, want []corev1.ContainerStatus) bool {
	if len(have) != len(want) {
		return false
	}
	for i := range want {
		h, w := have[i], want[i]
		if h.Name != w.Name || h.Ready != w.Ready || h.RestartCount != w.RestartCount || h.ContainerID != w.ContainerID ||
			h.Image != w.Image || !sameState(h.State, w.State) || !sameState(h.LastTerminationState, w.LastTerminationState) {
			return false
		}
	}
	return true
}

func sameState(a, b corev1.ContainerState) bool {
	if a.Running != nil && b.Running != nil {
		return a.Running.StartedAt.Unix() == b.Running.StartedAt.Unix()
	}
	if a.Terminated != nil && b.Terminated != nil {
		return a.Terminated.ContainerID == b.Terminated.ContainerID && a.Terminated.ExitCode == b.Terminated.ExitCode
	}
	return equality.Semantic.DeepEqual(a, b)
}

// write patches the status as a kubelet does; a pod that is gone needs none.
func (w *podWorker) write(ctx context.Context, pod *corev1.Pod, status *corev1.PodStatus) error {
	conditions := make([]map[string]any, 0, len(status.Conditions))
	for _, c := range status.Conditions {
		m := map[string]any{
			"type": c.Type, "status": c.Status, "reason": nil, "message": nil,
			"lastTransitionTime": c.LastTransitionTime, "observedGeneration": c.ObservedGeneration,
		}
		if c.Reason != "" {
			m["reason"] = c.Reason
		}
		if c.Message != "" {
			m["message"] = c.Message
		}
		conditions = append(conditions, m)
	}
	body := map[string]any{
		"observedGeneration": status.ObservedGeneration, "phase": status.Phase, "conditions": conditions, "startTime": status.StartTime,
		"hostIP": status.HostIP, "hostIPs": status.HostIPs, "podIP": status.PodIP, "podIPs": status.PodIPs,
		"containerStatuses": status.ContainerStatuses,
	}
	if len(status.InitContainerStatuses) > 0 {
		body["initContainerStatuses"] = status.InitContainerStatuses
	}
	if len(status.EphemeralContainerStatuses) > 0 {
		body["ephemeralContainerStatuses"] = status.EphemeralContainerStatuses
	}
	raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": body})
	if err != nil {
		return err
	}
	w.kubelet.writes <- struct{}{}
	defer func() { <-w.kubelet.writes }()
	_, err = w.kubelet.client.kube.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, raw, metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
