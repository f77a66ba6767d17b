// kubelet_refs.go: ConfigMaps, Secrets and claims a pod refers to: a container waits while one is missing.

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// missingReference returns the reason of waiting and the message, or nothing when all is there.
func (w *podWorker) missingReference(c *container) (reason, message string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, v := range w.pod.Spec.Volumes {
		cause := ""
		switch {
		case v.ConfigMap != nil && !optional(v.ConfigMap.Optional):
			cause = w.missingConfigMap(ctx, v.ConfigMap.Name, "")
		case v.Secret != nil && !optional(v.Secret.Optional):
			cause = w.missingSecret(ctx, v.Secret.SecretName, "")
		}
		if cause != "" {
			return reasonCreating, fmt.Sprintf("MountVolume.SetUp failed for volume %q : %s", v.Name, cause)
		}
	}
	spec := w.spec(c.name)
	if spec == nil {
		return "", ""
	}
	cause := ""
	for _, e := range spec.EnvFrom {
		switch {
		case e.ConfigMapRef != nil && !optional(e.ConfigMapRef.Optional):
			cause = w.missingConfigMap(ctx, e.ConfigMapRef.Name, "")
		case e.SecretRef != nil && !optional(e.SecretRef.Optional):
			cause = w.missingSecret(ctx, e.SecretRef.Name, "")
		}
		if cause != "" {
			return reasonConfigError, cause
		}
	}
	for _, e := range spec.Env {
		switch from := e.ValueFrom; {
		case from == nil:
		case from.ConfigMapKeyRef != nil && !optional(from.ConfigMapKeyRef.Optional):
			cause = w.missingConfigMap(ctx, from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Key)
		case from.SecretKeyRef != nil && !optional(from.SecretKeyRef.Optional):
			cause = w.missingSecret(ctx, from.SecretKeyRef.Name, from.SecretKeyRef.Key)
		}
		if cause != "" {
			return reasonConfigError, cause
		}
	}
	return "", ""
}

func (w *podWorker) spec(name string) *corev1.Container {
	for _, list := range [][]corev1.Container{w.pod.Spec.Containers, w.pod.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

func (w *podWorker) missingConfigMap(ctx context.Context, name, key string) string {
	m, err := w.kubelet.client.kube.CoreV1().ConfigMaps(w.pod.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Sprintf("configmap %q not found", name)
	case err != nil || key == "":
		return ""
	}
	_, text := m.Data[key]
	_, binary := m.BinaryData[key]
	if !text && !binary {
		return fmt.Sprintf("couldn't find key %s in ConfigMap %s/%s", key, w.pod.Namespace, name)
	}
	return ""
}

func (w *podWorker) missingSecret(ctx context.Context, name, key string) string {
	s, err := w.kubelet.client.kube.CoreV1().Secrets(w.pod.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Sprintf("secret %q not found", name)
	case err != nil || key == "":
		return ""
	}
	if _, ok := s.Data[key]; !ok {
		return fmt.Sprintf("couldn't find key %s in Secret %s/%s", key, w.pod.Namespace, name)
	}
	return ""
}

func optional(b *bool) bool { return b != nil && *b }
