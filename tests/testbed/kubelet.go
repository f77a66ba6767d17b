// kubelet.go: one fake kubelet for all nodes: it watches nodes and pods and owns a worker for every bound pod.

package main

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// annotationPrefix starts every annotation that steers the fakes.
const annotationPrefix = "testbed.skyfleet.dev/"

type kubelet struct {
	opts    *options
	client  *clients
	pods    corelisters.PodLister
	nodeSet corelisters.NodeLister
	writes  chan struct{} // limits status writes under way

	mu      sync.Mutex
	nodes   map[string]*node
	nodeIPs map[string]string // of the nodes made by --nodes
	workers map[types.UID]*podWorker
	podIPs  map[string]types.UID
}

func startKubelet(ctx context.Context, o *options, p *pki, c *clients) error {
	k := &kubelet{
		opts: o, client: c, writes: make(chan struct{}, 24),
		nodes: map[string]*node{}, workers: map[types.UID]*podWorker{}, podIPs: map[string]types.UID{}, nodeIPs: map[string]string{},
	}
	for i := range o.nodes {
		k.nodeIPs[o.nodeName(i)] = fmt.Sprintf("10.0.%d.%d", i/200, 10+i%200)
	}
	if err := k.serve(ctx, p); err != nil {
		return err
	}
	if err := k.ensureNodes(ctx); err != nil {
		return fmt.Errorf("nodes: %w", err)
	}

	all := informers.NewSharedInformerFactoryWithOptions(c.kube, 0, informers.WithTransform(dropManagedFields))
	nodeInformer := all.Core().V1().Nodes()
	k.nodeSet = nodeInformer.Lister()
	bound := informers.NewSharedInformerFactoryWithOptions(c.kube, 0, informers.WithTransform(dropManagedFields),
		informers.WithTweakListOptions(func(l *metav1.ListOptions) { l.FieldSelector = "spec.nodeName!=" }))
	podInformer := bound.Core().V1().Pods()
	k.pods = podInformer.Lister()

	handlers := []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandlerFuncs
	}{
		{nodeInformer.Informer(), cache.ResourceEventHandlerFuncs{
			AddFunc:    func(obj any) { k.observeNode(ctx, obj.(*corev1.Node)) },
			UpdateFunc: func(_, obj any) { k.observeNode(ctx, obj.(*corev1.Node)) },
			DeleteFunc: func(obj any) {
				if n, ok := unwrapDeleted[*corev1.Node](obj); ok {
					k.forgetNode(n.Name)
				}
			},
		}},
		{podInformer.Informer(), cache.ResourceEventHandlerFuncs{
			AddFunc:    func(obj any) { k.observePod(ctx, obj.(*corev1.Pod)) },
			UpdateFunc: func(_, obj any) { k.observePod(ctx, obj.(*corev1.Pod)) },
			DeleteFunc: func(obj any) {
				if p, ok := unwrapDeleted[*corev1.Pod](obj); ok {
					k.forgetPod(p)
				}
			},
		}},
	}
	for _, h := range handlers {
		if _, err := h.informer.AddEventHandler(h.handler); err != nil {
			return err
		}
	}
	all.Start(ctx.Done())
	all.WaitForCacheSync(ctx.Done())
	bound.Start(ctx.Done())
	bound.WaitForCacheSync(ctx.Done())
	go k.renewLeases(ctx)
	return nil
}

// observePod hands the newest version of a pod to its worker.
func (k *kubelet) observePod(ctx context.Context, pod *corev1.Pod) {
	if _, err := k.nodeSet.Get(pod.Spec.NodeName); err != nil {
		return // bound to a node that is not there: nobody runs it
	}
	n := k.node(pod.Spec.NodeName)
	k.mu.Lock()
	w := k.workers[pod.UID]
	if w == nil {
		w = newPodWorker(k, n, pod)
		k.workers[pod.UID] = w
		go w.run(ctx)
	}
	k.mu.Unlock()
	w.observe(pod)
}

// forgetPod ends the worker of a pod that is gone.
func (k *kubelet) forgetPod(pod *corev1.Pod) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w := k.workers[pod.UID]; w != nil {
		w.stop()
		delete(k.workers, pod.UID)
	}
	for _, ip := range pod.Status.PodIPs {
		if k.podIPs[ip.IP] == pod.UID {
			delete(k.podIPs, ip.IP)
		}
	}
}

// worker finds a pod by name, as the requests to a kubelet do.
func (k *kubelet) worker(namespace, name string) *podWorker {
	pod, err := k.pods.Pods(namespace).Get(name)
	if err != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.workers[pod.UID]
}

// wakePodsOf lets the pods of a node that came back go on.
func (k *kubelet) wakePodsOf(nodeName string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, w := range k.workers {
		if w.node.name == nodeName {
			w.wake()
		}
	}
}

// podIP gives every pod an address of its own; a pod that has one keeps it.
func (k *kubelet) podIP(pod *corev1.Pod) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ip := pod.Status.PodIP; ip != "" {
		k.podIPs[ip] = pod.UID
		return ip
	}
	for n := hashOf(string(pod.UID)); ; n++ {
		ip := fmt.Sprintf("10.%d.%d.%d", 128+n>>16&0x7f, n>>8&0xff, 1+n&0xff%254)
		if _, taken := k.podIPs[ip]; !taken {
			k.podIPs[ip] = pod.UID
			return ip
		}
	}
}

// dropManagedFields saves memory: nobody here reads them.
func dropManagedFields(obj any) (any, error) {
	if m, err := meta.Accessor(obj); err == nil {
		m.SetManagedFields(nil)
	}
	return obj, nil
}

// unwrapDeleted finds the object in a delete notification, also when the watch missed the deletion.
func unwrapDeleted[T any](obj any) (T, bool) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	t, ok := obj.(T)
	return t, ok
}
