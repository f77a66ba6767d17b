// kubelet_metrics.go: metrics.k8s.io/v1beta1 behind the aggregator, with usage that is stable for a pod.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

const metricsVersion = "metrics.k8s.io/v1beta1"

// metricsWindow is the time a measurement covers.
const metricsWindow = "15s"

type usage struct {
	CPU    resource.Quantity `json:"cpu"`
	Memory resource.Quantity `json:"memory"`
}

type containerMetrics struct {
	Name  string `json:"name"`
	Usage usage  `json:"usage"`
}

// metrics is a PodMetrics (with Containers) or a NodeMetrics (with Usage).
type metrics struct {
	Kind       string             `json:"kind"`
	APIVersion string             `json:"apiVersion"`
	Metadata   metav1.ObjectMeta  `json:"metadata"`
	Timestamp  metav1.Time        `json:"timestamp"`
	Window     string             `json:"window"`
	Containers []containerMetrics `json:"containers,omitempty"`
	Usage      *usage             `json:"usage,omitempty"`
}

type metricsList struct {
	Kind       string          `json:"kind"`
	APIVersion string          `json:"apiVersion"`
	Metadata   metav1.ListMeta `json:"metadata"`
	Items      []metrics       `json:"items"`
}

func (k *kubelet) routeMetrics(mux *http.ServeMux) {
	group := metav1.APIGroup{
		TypeMeta:         metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"},
		Name:             "metrics.k8s.io",
		Versions:         []metav1.GroupVersionForDiscovery{{GroupVersion: metricsVersion, Version: "v1beta1"}},
		PreferredVersion: metav1.GroupVersionForDiscovery{GroupVersion: metricsVersion, Version: "v1beta1"},
	}
	verbs := metav1.Verbs{"get", "list"}
	resources := metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: metricsVersion,
		APIResources: []metav1.APIResource{
			{Name: "nodes", Kind: "NodeMetrics", Verbs: verbs},
			{Name: "pods", Kind: "PodMetrics", Namespaced: true, Verbs: verbs},
		},
	}
	groups := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{group}}
	info := map[string]string{"title": "metrics.k8s.io", "version": "v1beta1"}
	for path, answer := range map[string]any{
		"/apis": groups, "/apis/metrics.k8s.io": group, "/apis/" + metricsVersion: resources,
		"/openapi/v2": map[string]any{"swagger": "2.0", "info": info, "paths": map[string]any{}},
		"/openapi/v3": map[string]any{"paths": map[string]any{}},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, answer) })
	}
	base := "GET /apis/" + metricsVersion
	mux.HandleFunc(base+"/nodes", k.listNodeMetrics)
	mux.HandleFunc(base+"/nodes/{name}", k.listNodeMetrics)
	mux.HandleFunc(base+"/pods", k.listPodMetrics)
	mux.HandleFunc(base+"/namespaces/{namespace}/pods", k.listPodMetrics)
	mux.HandleFunc(base+"/namespaces/{namespace}/pods/{name}", k.listPodMetrics)
}

func (k *kubelet) listPodMetrics(w http.ResponseWriter, r *http.Request) {
	selector, fieldSelector, ok := selectors(w, r)
	if !ok {
		return
	}
	list := metricsList{Kind: "PodMetricsList", APIVersion: metricsVersion, Items: []metrics{}}
	pods, err := k.pods.Pods(r.PathValue("namespace")).List(selector) // all namespaces when it is empty
	if err != nil {
		reply(w, http.StatusInternalServerError, apierrors.NewInternalError(err).Status())
		return
	}
	name := r.PathValue("name")
	for _, pod := range pods {
		if pod.Status.Phase != corev1.PodRunning || name != "" && pod.Name != name || k.deadNode(pod.Spec.NodeName) ||
			!fieldSelector.Matches(fields.Set{"metadata.name": pod.Name, "metadata.namespace": pod.Namespace}) {
			continue
		}
		m := newMetrics("PodMetrics", pod.ObjectMeta)
		for i := range pod.Spec.Containers {
			m.Containers = append(m.Containers, containerMetrics{pod.Spec.Containers[i].Name, containerUsage(pod, &pod.Spec.Containers[i])})
		}
		list.Items = append(list.Items, m)
	}
	replyMetrics(w, "podmetrics", name, list)
}

func (k *kubelet) listNodeMetrics(w http.ResponseWriter, r *http.Request) {
	selector, fieldSelector, ok := selectors(w, r)
	if !ok {
		return
	}
	pods, err := k.pods.List(labels.Everything())
	if err != nil {
		reply(w, http.StatusInternalServerError, apierrors.NewInternalError(err).Status())
		return
	}
	used := map[string]*usage{}
	for _, pod := range pods {
		if pod.Status.Phase != corev1.PodRunning {
			continue
		}
		u := used[pod.Spec.NodeName]
		if u == nil {
			u = &usage{}
			used[pod.Spec.NodeName] = u
		}
		for i := range pod.Spec.Containers {
			c := containerUsage(pod, &pod.Spec.Containers[i])
			u.CPU.Add(c.CPU)
			u.Memory.Add(c.Memory)
		}
	}
	nodes, err := k.nodeSet.List(selector)
	if err != nil {
		reply(w, http.StatusInternalServerError, apierrors.NewInternalError(err).Status())
		return
	}
	list := metricsList{Kind: "NodeMetricsList", APIVersion: metricsVersion, Items: []metrics{}}
	name := r.PathValue("name")
	for _, n := range nodes {
		if name != "" && n.Name != name || k.deadNode(n.Name) || !fieldSelector.Matches(fields.Set{"metadata.name": n.Name}) {
			continue
		}
		// The machine itself needs 2 to 5 % of its CPU and 6 to 9 % of its memory.
		h := int64(hashOf(n.Name))
		u := usage{
			CPU:    *resource.NewMilliQuantity(n.Status.Capacity.Cpu().MilliValue()*(2+h%4)/100, resource.DecimalSI),
			Memory: *resource.NewQuantity(n.Status.Capacity.Memory().Value()/1024*(6+h%4)/100*1024, resource.BinarySI),
		}
		if pods := used[n.Name]; pods != nil {
			u.CPU.Add(pods.CPU)
			u.Memory.Add(pods.Memory)
		}
		m := newMetrics("NodeMetrics", n.ObjectMeta)
		m.Usage = &u
		list.Items = append(list.Items, m)
	}
	replyMetrics(w, "nodemetrics", name, list)
}

// containerUsage is 30 to 80 % of the request, by the pod's UID; annotations cpu-usage and memory-usage override it.
func containerUsage(pod *corev1.Pod, c *corev1.Container) usage {
	h := int64(hashOf(string(pod.UID) + c.Name))
	cpu, memory := int64(50), int64(64<<20)
	if q, ok := c.Resources.Requests[corev1.ResourceCPU]; ok && !q.IsZero() {
		cpu = q.MilliValue()
	}
	if q, ok := c.Resources.Requests[corev1.ResourceMemory]; ok && !q.IsZero() {
		memory = q.Value()
	}
	u := usage{
		CPU:    *resource.NewMilliQuantity(max(cpu*(30+h%51)/100, 1), resource.DecimalSI),
		Memory: *resource.NewQuantity(memory/1024*(30+h>>8%51)/100*1024, resource.BinarySI),
	}
	a := annotations{values: pod.Annotations, container: c.Name}
	if q, err := resource.ParseQuantity(a.text("cpu-usage", "")); err == nil {
		u.CPU = q
	}
	if q, err := resource.ParseQuantity(a.text("memory-usage", "")); err == nil {
		u.Memory = q
	}
	return u
}

func newMetrics(kind string, of metav1.ObjectMeta) metrics {
	now := metav1.Now()
	return metrics{
		Kind: kind, APIVersion: metricsVersion, Timestamp: now, Window: metricsWindow,
		Metadata: metav1.ObjectMeta{Name: of.Name, Namespace: of.Namespace, Labels: of.Labels, CreationTimestamp: now},
	}
}

func (k *kubelet) deadNode(name string) bool {
	k.mu.Lock()
	n := k.nodes[name]
	k.mu.Unlock()
	return n == nil || n.isDead()
}

func selectors(w http.ResponseWriter, r *http.Request) (labels.Selector, fields.Selector, bool) {
	byLabel, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err == nil {
		var byField fields.Selector
		if byField, err = fields.ParseSelector(r.URL.Query().Get("fieldSelector")); err == nil {
			return byLabel, byField, true
		}
	}
	reply(w, http.StatusBadRequest, apierrors.NewBadRequest(err.Error()).Status())
	return nil, nil, false
}

// replyMetrics answers with the list, or with its only item when a name was asked for.
func replyMetrics(w http.ResponseWriter, kind, name string, list metricsList) {
	switch {
	case name == "":
		reply(w, http.StatusOK, list)
	case len(list.Items) == 0:
		gone := apierrors.NewNotFound(metav1.SchemeGroupVersion.WithResource(kind+".metrics.k8s.io").GroupResource(), name).Status()
		gone.Message = fmt.Sprintf("%s.metrics.k8s.io %q not found", kind, name)
		reply(w, http.StatusNotFound, gone)
	default:
		reply(w, http.StatusOK, list.Items[0])
	}
}

func reply(w http.ResponseWriter, code int, body any) {
	if s, ok := body.(metav1.Status); ok {
		s.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		body = s
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

// ensureAPIServices registers the metrics API and, if asked for, one that nobody serves.
func ensureAPIServices(ctx context.Context, o *options, c *clients) error {
	if !o.noMetrics {
		if err := ensureAPIService(ctx, c, "metrics.k8s.io", "metrics-server", o.ports.Kubelet); err != nil {
			return err
		}
	}
	if o.deadAPIService {
		return ensureAPIService(ctx, c, "custom.metrics.k8s.io", "dead-metrics-adapter", 1)
	}
	return nil
}

// ensureAPIService points an aggregated API at a port of this machine.
func ensureAPIService(ctx context.Context, c *clients, group, service string, port int) error {
	services := c.kube.CoreV1().Services("kube-system")
	_, err := services.Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: service, Labels: map[string]string{"k8s-app": service}},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "127.0.0.1"},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	target := int32(port)
	want := &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: "v1beta1." + group},
		Spec: apiregistrationv1.APIServiceSpec{
			Group: group, Version: "v1beta1", GroupPriorityMinimum: 100, VersionPriority: 100, InsecureSkipTLSVerify: true,
			Service: &apiregistrationv1.ServiceReference{Namespace: "kube-system", Name: service, Port: &target},
		},
	}
	api := c.aggregator.ApiregistrationV1().APIServices()
	if _, err = api.Create(ctx, want, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		return err
	}
	have, err := api.Get(ctx, want.Name, metav1.GetOptions{})
	if err != nil || have.Spec.Service != nil && have.Spec.Service.Port != nil && *have.Spec.Service.Port == target {
		return err
	}
	have.Spec = want.Spec
	_, err = api.Update(ctx, have, metav1.UpdateOptions{})
	return err
}
