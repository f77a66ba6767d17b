// apiserver.go: kube-apiserver by its options and Run, without its command (which would own signals and exit).

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	apioptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

type apiServer struct{ opts *apioptions.ServerRunOptions }

func newAPIServer(o *options, p *pki) (*apiServer, error) {
	tokens := o.path("tokens.csv")
	setDefault(&o.tokensFile, tokens)
	args := []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", o.ports.Etcd),
		fmt.Sprintf("--secure-port=%d", o.ports.API),
		"--bind-address=127.0.0.1",
		"--advertise-address=192.0.2.1", // may not be loopback, need not exist
		"--cert-dir=" + o.path("pki"),
		"--tls-cert-file=" + p.serving.certFile, "--tls-private-key-file=" + p.serving.keyFile,
		"--client-ca-file=" + p.ca.certFile,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + p.serviceAccountKey,
		"--service-account-signing-key-file=" + p.serviceAccountKey,
		"--authorization-mode=Node,RBAC",
		"--token-auth-file=" + o.tokensFile,
		"--service-cluster-ip-range=10.96.0.0/16",
		"--allow-privileged=true",
		"--shutdown-delay-duration=0s",
		"--profiling=false",
		"--kubelet-preferred-address-types=ExternalDNS", // 127.0.0.1; the other addresses are made up
		"--requestheader-client-ca-file=" + p.frontProxyCA.certFile,
		"--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + p.frontProxy.certFile,
		"--proxy-client-key-file=" + p.frontProxy.keyFile,
	}
	if o.compaction > 0 {
		args = append(args, "--etcd-compaction-interval="+o.compaction.String())
	}
	if o.emulatedVersion != "" {
		args = append(args, "--emulated-version="+o.emulatedVersion)
	}
	if o.featureGates != "" {
		args = append(args, "--feature-gates="+o.featureGates)
	}
	a := &apiServer{opts: apioptions.NewServerRunOptions()}
	return a, parseComponent("kube-apiserver", a.opts.Flags(), args)
}

// applyGlobals sets the feature gates, the effective version and logging, which all components share.
func (a *apiServer) applyGlobals() error {
	if err := a.opts.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	return logsapi.ValidateAndApply(a.opts.Logs, nil)
}

func (a *apiServer) run(ctx context.Context) error {
	completed, err := a.opts.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	return app.Run(ctx, completed)
}

// parseComponent reads args into the flag sets of one component, never into the global command line.
func parseComponent(name string, sets cliflag.NamedFlagSets, args []string) error {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if fs.NArg() > 0 {
		return errors.New(name + ": unexpected arguments")
	}
	return nil
}
