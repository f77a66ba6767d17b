// clients.go: our own way into the API server, the objects every testbed has, and the wait until it is usable.

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
)

// clients talk as a member of system:masters, over protobuf, without a rate limit of their own.
type clients struct {
	config     *rest.Config
	kube       kubernetes.Interface
	aggregator aggregator.Interface
	http       *http.Client
	server     string
}

func newClients(o *options) (*clients, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", o.path("internal.kubeconfig"))
	if err != nil {
		return nil, err
	}
	cfg.QPS = -1
	cfg.UserAgent = "testbed-kubelet/" + o.gitVersion
	plain := rest.CopyConfig(cfg)
	cfg.ContentType = "application/vnd.kubernetes.protobuf"
	cfg.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	kube, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, err
	}
	agg, err := aggregator.NewForConfig(plain)
	if err != nil {
		return nil, err
	}
	return &clients{
		config: cfg, kube: kube, aggregator: agg, server: o.server(),
		http: &http.Client{
			Timeout:   2 * time.Second,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // ourselves
		},
	}, nil
}

// waitReadyz polls the API server until it says ok.
func (c *clients) waitReadyz(ctx context.Context) error {
	var last string
	err := poll(ctx, 60*time.Second, 30*time.Millisecond, func() bool {
		resp, err := c.http.Get(c.server + "/readyz")
		if err != nil {
			last = err.Error()
			return false
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		last = string(body)
		return resp.StatusCode == http.StatusOK
	})
	if err != nil {
		return fmt.Errorf("API server is not ready: %s", last)
	}
	return nil
}

// waitUsable returns when pods can be created and will run: nodes Ready and without the start-up taint, the
// default ServiceAccount there, the metrics API answering.
func (c *clients) waitUsable(ctx context.Context, o *options) error {
	missing := "nodes"
	err := poll(ctx, 60*time.Second, 100*time.Millisecond, func() bool {
		if missing == "nodes" {
			list, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
			if err != nil {
				return false
			}
			usable := 0
			for i := range list.Items {
				n := &list.Items[i]
				if n.Annotations[annotationDead] == "true" || nodeReady(n) && !hasTaint(n, corev1.TaintNodeNotReady) {
					usable++
				}
			}
			if usable < o.nodes {
				return false
			}
			missing = "service account"
		}
		if missing == "service account" {
			for _, ns := range []string{"default", limitedNamespace} {
				if _, err := c.kube.CoreV1().ServiceAccounts(ns).Get(ctx, "default", metav1.GetOptions{}); err != nil {
					return false
				}
			}
			missing = "metrics"
		}
		if o.noMetrics {
			return true
		}
		_, err := c.kube.Discovery().RESTClient().Get().AbsPath("/apis/metrics.k8s.io/v1beta1/nodes").DoRaw(ctx)
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("cluster is not usable: %s missing after 60 s", missing)
	}
	return nil
}

// ensureObjects creates what every testbed has besides nodes; it may run again on the same data.
func ensureObjects(ctx context.Context, o *options, c *clients) error {
	if err := ensureRBAC(ctx, c); err != nil {
		return fmt.Errorf("RBAC: %w", err)
	}
	if err := ensureAPIServices(ctx, o, c); err != nil {
		return fmt.Errorf("APIService: %w", err)
	}
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        o.profile.storageClass,
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner:       o.profile.storageProvisioner,
		VolumeBindingMode: &mode,
	}
	_, err := c.kube.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("StorageClass: %w", err)
	}
	return nil
}

// poll calls done until it returns true, the time is over or the context ends.
func poll(ctx context.Context, limit, every time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
	}
	return nil
}
