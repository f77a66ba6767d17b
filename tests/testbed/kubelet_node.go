// kubelet_node.go: the fake nodes: objects, status, leases, and death by annotation.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

// annotationDead set to "true" on a node stops its lease, its status and everything its pods do.
const annotationDead = annotationPrefix + "dead"

const leaseSeconds int32 = 40

// node is one fake machine.
type node struct {
	name, internalIP string
	events           record.EventRecorder
	mu               sync.Mutex
	dead             bool
}

func (n *node) isDead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

// ensureNodes creates the nodes asked for by --nodes, and patches the status of all of them once.
func (k *kubelet) ensureNodes(ctx context.Context) error {
	errs := make(chan error, k.opts.nodes)
	slots := make(chan struct{}, 8)
	for i := range k.opts.nodes {
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs <- k.ensureNode(ctx, i)
		}()
	}
	for range k.opts.nodes {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func (k *kubelet) ensureNode(ctx context.Context, i int) error {
	want := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: k.opts.nodeName(i), Labels: k.opts.nodeLabels(i)},
		Spec:       corev1.NodeSpec{ProviderID: k.opts.profile.providerID(k.opts, i)},
	}
	nodes := k.client.kube.CoreV1().Nodes()
	obj, err := nodes.Create(ctx, want, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		obj, err = nodes.Get(ctx, want.Name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	if obj.Annotations[annotationDead] == "true" {
		return nil
	}
	n := k.node(obj.Name)
	if err := k.renewLease(ctx, n); err != nil {
		return err
	}
	return k.patchNodeStatus(ctx, n, obj)
}

// node returns the machine of that name; nodes created by others become ours too.
func (k *kubelet) node(name string) *node {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := k.nodes[name]; n != nil {
		return n
	}
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: k.client.kube.CoreV1().Events("")})
	ip, ok := k.nodeIPs[name]
	if !ok { // a node somebody else created
		h := hashOf(name)
		ip = fmt.Sprintf("10.1.%d.%d", h>>8&0xff, 4+h&0xff%250)
	}
	n := &node{
		name: name, internalIP: ip,
		events: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: name}),
	}
	k.nodes[name] = n
	return n
}

// observeNode reacts to a changed node object: death, resurrection, or a status somebody else overwrote.
func (k *kubelet) observeNode(ctx context.Context, obj *corev1.Node) {
	n := k.node(obj.Name)
	dead := obj.Annotations[annotationDead] == "true"
	n.mu.Lock()
	changed := n.dead != dead
	n.dead = dead
	n.mu.Unlock()
	if dead {
		return
	}
	if changed {
		k.wakePodsOf(obj.Name)
	}
	if !nodeReady(obj) {
		if err := k.renewLease(ctx, n); err != nil {
			klog.ErrorS(err, "Renewing the lease", "node", n.name)
		}
		if err := k.patchNodeStatus(ctx, n, obj); err != nil && !apierrors.IsNotFound(err) {
			klog.ErrorS(err, "Patching the node status", "node", n.name)
		}
	}
}

// forgetNode drops a node whose object was deleted.
func (k *kubelet) forgetNode(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.nodes, name)
}

// renewLeases keeps all living nodes alive; the period is a third of the grace time at most.
func (k *kubelet) renewLeases(ctx context.Context) {
	period := min(k.opts.nodeGrace/3, 5*time.Second)
	for ctx.Err() == nil {
		k.mu.Lock()
		nodes := make([]*node, 0, len(k.nodes))
		for _, n := range k.nodes {
			nodes = append(nodes, n)
		}
		k.mu.Unlock()
		next := time.Now().Add(period)
		for _, n := range nodes {
			if n.isDead() {
				continue
			}
			if err := k.renewLease(ctx, n); err != nil && ctx.Err() == nil {
				klog.ErrorS(err, "Renewing the lease", "node", n.name)
			}
		}
		sleep(ctx, time.Until(next))
	}
}

func (k *kubelet) renewLease(ctx context.Context, n *node) error {
	now := metav1.NewMicroTime(time.Now())
	holder, seconds := n.name, leaseSeconds
	leases := k.client.kube.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	raw := fmt.Appendf(nil, `{"spec":{"renewTime":%q}}`, now.UTC().Format(metav1.RFC3339Micro))
	_, err := leases.Patch(ctx, n.name, types.MergePatchType, raw, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: n.name},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &now},
		}, metav1.CreateOptions{})
		if apierrors.IsNotFound(err) { // the namespace comes a moment after the first readyz
			err = nil
		}
	}
	return err
}

// patchNodeStatus writes status as a patch: an update would conflict with the node controller's edits.
func (k *kubelet) patchNodeStatus(ctx context.Context, n *node, obj *corev1.Node) error {
	now := metav1.Now()
	condition := func(t corev1.NodeConditionType, s corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		c := corev1.NodeCondition{Type: t, Status: s, Reason: reason, Message: message, LastHeartbeatTime: now, LastTransitionTime: now}
		for _, old := range obj.Status.Conditions {
			if old.Type == t && old.Status == s {
				c.LastTransitionTime = old.LastTransitionTime
			}
		}
		return c
	}
	capacity := obj.Status.Capacity
	if _, ok := capacity[corev1.ResourceCPU]; !ok {
		capacity = corev1.ResourceList{
			corev1.ResourceCPU:              k.opts.capacityCPU,
			corev1.ResourceMemory:           k.opts.capacityBytes,
			corev1.ResourcePods:             *resource.NewQuantity(k.opts.nodePods, resource.DecimalSI),
			corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
		}
	}
	id := k.opts.token("machine/"+n.name, 0, 32)
	status := corev1.NodeStatus{
		Capacity:    capacity,
		Allocatable: capacity,
		Conditions: []corev1.NodeCondition{
			condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
			condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
			condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
			condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
		},
		Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: n.internalIP},
			{Type: corev1.NodeHostName, Address: n.name},
			{Type: corev1.NodeExternalDNS, Address: "127.0.0.1"}, // the one the API server dials
		},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: int32(k.opts.ports.Kubelet)}},
		NodeInfo: corev1.NodeSystemInfo{
			MachineID: id, SystemUUID: id, BootID: id,
			KernelVersion: k.opts.profile.kernel, OSImage: k.opts.profile.osImage,
			ContainerRuntimeVersion: "containerd://2.1.4", KubeletVersion: k.opts.gitVersion,
			OperatingSystem: "linux", Architecture: "amd64",
		},
	}
	raw, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return err
	}
	_, err = k.client.kube.CoreV1().Nodes().Patch(ctx, n.name, types.StrategicMergePatchType, raw, metav1.PatchOptions{}, "status")
	return err
}

func nodeReady(n *corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func hasTaint(n *corev1.Node, key string) bool {
	for _, t := range n.Spec.Taints {
		if t.Key == key {
			return true
		}
	}
	return false
}

// sleep waits, but not longer than the context lives.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
