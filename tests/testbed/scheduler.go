// scheduler.go: kube-scheduler by its options, Setup and Run.

package main

import (
	"context"

	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	schedoptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

type scheduler struct{ opts *schedoptions.Options }

func newScheduler(o *options, _ *pki) (*scheduler, error) {
	kubeconfig := o.path("internal.kubeconfig")
	args := []string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=1000", "--kube-api-burst=2000",
	}
	s := &scheduler{schedoptions.NewOptions()}
	return s, parseComponent("kube-scheduler", *s.opts.Flags, args)
}

func (s *scheduler) run(ctx context.Context) error {
	cfg, sched, err := app.Setup(ctx, s.opts)
	if err != nil {
		return err
	}
	return app.Run(ctx, cfg, sched)
}
