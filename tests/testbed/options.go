// options.go: the command line of one testbed, with the defaults that depend on the cloud it imitates.

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/component-base/version"
)

// options is everything a testbed is told at start.
type options struct {
	dir, name, contextName     string
	cloud, region, account     string
	instanceType, gitVersion   string
	emulatedVersion            string
	port, nodes, gcPercent     int
	nodeCPU, nodeMemory        string
	nodePods                   int64
	nodeGrace, compaction      time.Duration
	backoffFactor              float64
	startDelay                 time.Duration
	tokensFile                 string
	featureGates               string
	printVersions              bool
	mergeTo                    string
	mergeFrom                  []string
	dieWithStdin               bool
	seed                       bool
	noMetrics                  bool
	deadAPIService             bool
	serveExpiredCert           bool
	ports                      ports
	profile                    cloudProfile
	capacityCPU, capacityBytes resource.Quantity
}

func parseOptions(args []string) (*options, error) {
	o := &options{}
	fs := pflag.NewFlagSet("testbed", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.StringVar(&o.dir, "dir", "", "state directory; the same directory and port keep data, certificates and tokens over restarts (required)")
	fs.IntVar(&o.port, "port", 0, "first of four ports: API, etcd, etcd peer, kubelet; 0 picks free ones and remembers them in the directory")
	fs.StringVar(&o.name, "name", "testbed", "cluster name")
	fs.IntVar(&o.nodes, "nodes", 3, "number of nodes")
	fs.StringVar(&o.cloud, "cloud", "none", "what the nodes look like: aws, gcp, azure, alibaba, digitalocean or none")
	fs.StringVar(&o.region, "region", "", "region of the nodes (default depends on the cloud)")
	fs.StringVar(&o.account, "account", "", "AWS account, GCP project, Azure subscription (default depends on the cloud)")
	fs.StringVar(&o.instanceType, "instance-type", "", "instance type label of the nodes (default depends on the cloud)")
	fs.StringVar(&o.gitVersion, "git-version", "", "version to report; only the suffix may differ from the one built in (default depends on the cloud)")
	fs.StringVar(&o.emulatedVersion, "emulated-version", "", "serve the APIs and features of an older minor, such as 1.34")
	fs.StringVar(&o.featureGates, "feature-gates", "", "feature gates for all components, such as A=true,B=false")
	fs.StringVar(&o.nodeCPU, "node-cpu", "4", "CPU of each node")
	fs.StringVar(&o.nodeMemory, "node-memory", "16Gi", "memory of each node")
	fs.Int64Var(&o.nodePods, "node-pods", 110, "pods each node can hold")
	fs.StringVar(&o.contextName, "context-name", "", "context name in the kubeconfigs (default as the cloud's own tool writes it)")
	fs.StringVar(&o.tokensFile, "token-file", "", "use this tokens.csv instead of the one in the directory")
	fs.DurationVar(&o.nodeGrace, "node-grace", 12*time.Second, "time without a lease after which a node becomes NotReady")
	fs.DurationVar(&o.compaction, "compaction-interval", 0, "compact etcd this often, to see 410 on continue tokens (0: every 5 minutes)")
	fs.Float64Var(&o.backoffFactor, "backoff-factor", 0.1, "how much of the back-off of a crashing container is really waited")
	fs.DurationVar(&o.startDelay, "start-delay", 0, "time every container spends in ContainerCreating")
	fs.BoolVar(&o.noMetrics, "no-metrics", false, "do not serve metrics.k8s.io")
	fs.BoolVar(&o.deadAPIService, "dead-apiservice", false, "register an aggregated API that nobody answers")
	fs.BoolVar(&o.serveExpiredCert, "serve-expired-cert", false, "serve the API with an expired certificate")
	fs.BoolVar(&o.seed, "seed", false, "create a few namespaces and workloads to look at")
	fs.BoolVar(&o.dieWithStdin, "die-with-stdin", false, "end when standard input closes")
	fs.IntVar(&o.gcPercent, "gc-percent", 60, "Go garbage collector target; lower saves memory, higher saves CPU")
	fs.BoolVar(&o.printVersions, "print-versions", false, "print the versions built in as JSON and exit")
	fs.StringVar(&o.mergeTo, "merge-kubeconfigs", "", "write the kubeconfigs given as arguments merged into this file and exit")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if o.printVersions {
		return o, nil
	}
	if o.mergeTo != "" {
		o.mergeFrom = fs.Args()
		return o, nil
	}
	return o, o.complete(fs.Args())
}

// complete fills the defaults that depend on other flags and checks the rest.
func (o *options) complete(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if o.dir == "" {
		return errors.New("--dir is required")
	}
	var err error
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return err
	}
	profile, ok := cloudProfiles[o.cloud]
	if !ok {
		return fmt.Errorf("--cloud %q is not one of aws, gcp, azure, alibaba, digitalocean, none", o.cloud)
	}
	o.profile = profile
	setDefault(&o.region, profile.region)
	setDefault(&o.account, profile.account)
	setDefault(&o.instanceType, profile.instanceType)
	setDefault(&o.gitVersion, version.Get().GitVersion+profile.versionSuffix)
	setDefault(&o.contextName, profile.context(o))
	if o.capacityCPU, err = resource.ParseQuantity(o.nodeCPU); err != nil {
		return fmt.Errorf("--node-cpu: %w", err)
	}
	if o.capacityBytes, err = resource.ParseQuantity(o.nodeMemory); err != nil {
		return fmt.Errorf("--node-memory: %w", err)
	}
	if o.nodes < 0 || o.backoffFactor < 0 {
		return errors.New("--nodes and --backoff-factor must not be negative")
	}
	return nil
}

func (o *options) path(name string) string { return filepath.Join(o.dir, name) }

func (o *options) server() string { return fmt.Sprintf("https://127.0.0.1:%d", o.ports.API) }

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
