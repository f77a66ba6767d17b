// controllermanager.go: kube-controller-manager by its options and Run, with times short enough for tests.

package main

import (
	"context"

	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	kcmoptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
)

type controllerManager struct {
	opts *kcmoptions.KubeControllerManagerOptions
}

func newControllerManager(o *options, p *pki) (*controllerManager, error) {
	opts, err := kcmoptions.NewKubeControllerManagerOptions()
	if err != nil {
		return nil, err
	}
	kubeconfig := o.path("internal.kubeconfig")
	args := []string{
		// A system:masters user: controllers act as themselves only with service account credentials.
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--leader-elect=false",
		"--secure-port=0",
		"--service-account-private-key-file=" + p.serviceAccountKey,
		"--root-ca-file=" + p.ca.certFile,
		"--cluster-signing-cert-file=" + p.ca.certFile, "--cluster-signing-key-file=" + p.ca.keyFile,
		"--node-monitor-period=1s",
		"--node-monitor-grace-period=" + o.nodeGrace.String(),
		"--kube-api-qps=1000", "--kube-api-burst=2000",
		"--flex-volume-plugin-dir=" + o.path("flex"),
		"--horizontal-pod-autoscaler-sync-period=5s",
		"--horizontal-pod-autoscaler-initial-readiness-delay=2s",
		"--horizontal-pod-autoscaler-cpu-initialization-period=5s",
		"--horizontal-pod-autoscaler-downscale-stabilization=10s",
	}
	sets := opts.Flags(app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
	return &controllerManager{opts}, parseComponent("kube-controller-manager", sets, args)
}

func (c *controllerManager) run(ctx context.Context) error {
	cfg, err := c.opts.Config(ctx, app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
	if err != nil {
		return err
	}
	return app.Run(ctx, cfg.Complete())
}
