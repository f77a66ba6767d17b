// cloud.go: what makes a cluster look like one of a cloud: names, labels and provider IDs of nodes, contexts, versions.

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
)

// cloudProfile holds the defaults of one cloud and how it names things. The functions get the node's index.
type cloudProfile struct {
	region, account, instanceType string
	versionSuffix                 string
	zones                         []string // suffixes of the region
	osImage, kernel               string
	storageProvisioner            string
	storageClass                  string
	context                       func(o *options) string
	nodeName                      func(o *options, i int) string
	providerID                    func(o *options, i int) string
	labels                        func(o *options, i int) map[string]string
}

var cloudProfiles = map[string]cloudProfile{
	"aws": {
		region: "eu-west-1", account: "222233334444", instanceType: "m6i.xlarge", versionSuffix: "-eks-3025e55",
		zones: []string{"a", "b", "c"}, osImage: "Amazon Linux 2023.9.20260817", kernel: "6.12.40-63.114.amzn2023.x86_64",
		storageProvisioner: "ebs.csi.aws.com", storageClass: "gp3",
		context: func(o *options) string {
			return fmt.Sprintf("arn:aws:eks:%s:%s:cluster/%s", o.region, o.account, o.name)
		},
		nodeName: func(o *options, i int) string {
			return fmt.Sprintf("ip-10-0-%d-%d.%s.compute.internal", i/200, 10+i%200, o.region)
		},
		providerID: func(o *options, i int) string {
			return fmt.Sprintf("aws:///%s/i-0%s", o.zone(i), o.token("instance", i, 16))
		},
		labels: func(o *options, i int) map[string]string {
			capacity := "ON_DEMAND"
			if i%3 == 2 {
				capacity = "SPOT"
			}
			return map[string]string{
				"eks.amazonaws.com/nodegroup":       "default",
				"eks.amazonaws.com/capacityType":    capacity,
				"eks.amazonaws.com/nodegroup-image": "ami-0" + o.token("ami", 0, 16),
				"topology.k8s.aws/zone-id":          fmt.Sprintf("%s-az%d", awsShort(o.region), 1+i%3),
			}
		},
	},
	"gcp": {
		region: "europe-west1", account: "shop-prod", instanceType: "e2-standard-4", versionSuffix: "-gke.1157000",
		zones: []string{"-b", "-c", "-d"}, osImage: "Container-Optimized OS from Google", kernel: "6.12.38+",
		storageProvisioner: "pd.csi.storage.gke.io", storageClass: "standard-rwo",
		context: func(o *options) string { return fmt.Sprintf("gke_%s_%s_%s", o.account, o.region, o.name) },
		nodeName: func(o *options, i int) string {
			return fmt.Sprintf("gke-%s-default-pool-%s-%s", o.name, o.token("pool", 0, 8), o.token("node", i, 4))
		},
		providerID: func(o *options, i int) string {
			return fmt.Sprintf("gce://%s/%s/%s", o.account, o.zone(i), o.nodeName(i))
		},
		labels: func(o *options, i int) map[string]string {
			l := map[string]string{
				"cloud.google.com/gke-nodepool":        "default-pool",
				"cloud.google.com/machine-family":      "e2",
				"cloud.google.com/gke-os-distribution": "cos",
				"topology.gke.io/zone":                 o.zone(i),
			}
			if i%3 == 2 {
				l["cloud.google.com/gke-spot"] = "true"
				l["cloud.google.com/gke-provisioning"] = "spot"
			}
			return l
		},
	},
	"azure": {
		region: "westeurope", account: "00000000-1111-2222-3333-444444444444", instanceType: "Standard_D4s_v5",
		zones: []string{"-1", "-2", "-3"}, osImage: "Ubuntu 24.04.3 LTS", kernel: "6.8.0-1034-azure",
		storageProvisioner: "disk.csi.azure.com", storageClass: "managed-csi",
		context:  func(o *options) string { return o.name },
		nodeName: func(o *options, i int) string { return fmt.Sprintf("aks-nodepool1-%s-vmss%06d", o.digits(8), i) },
		providerID: func(o *options, i int) string {
			return fmt.Sprintf("azure:///subscriptions/%s/resourceGroups/mc_%s_%s_%s/providers/Microsoft.Compute/virtualMachineScaleSets/aks-nodepool1-%s-vmss/virtualMachines/%d",
				o.account, o.name, o.name, o.region, o.digits(8), i)
		},
		labels: func(o *options, i int) map[string]string {
			return map[string]string{
				"kubernetes.azure.com/agentpool":          "nodepool1",
				"kubernetes.azure.com/cluster":            fmt.Sprintf("MC_%s_%s_%s", o.name, o.name, o.region),
				"kubernetes.azure.com/mode":               "system",
				"kubernetes.azure.com/os-sku":             "Ubuntu",
				"kubernetes.azure.com/scalesetpriority":   []string{"regular", "regular", "spot"}[i%3],
				"kubernetes.azure.com/node-image-version": "AKSUbuntu-2404gen2containerd-202608.20.0",
			}
		},
	},
	"alibaba": {
		region: "eu-central-1", account: "5123456789012345", instanceType: "ecs.g7.xlarge", versionSuffix: "-aliyun.1",
		zones: []string{"a", "b", "c"}, osImage: "Alibaba Cloud Linux 3.2104", kernel: "5.10.134-18.al8.x86_64",
		storageProvisioner: "diskplugin.csi.alibabacloud.com", storageClass: "alicloud-disk-essd",
		context:    func(o *options) string { return "kubernetes-admin-c" + o.token("cluster", 0, 32) },
		nodeName:   func(o *options, i int) string { return fmt.Sprintf("%s.10.0.%d.%d", o.region, i/200, 10+i%200) },
		providerID: func(o *options, i int) string { return fmt.Sprintf("%s.i-%s", o.region, o.token("instance", i, 20)) },
		labels: func(o *options, i int) map[string]string {
			return map[string]string{
				"alibabacloud.com/nodepool-id":     "np" + o.token("pool", 0, 32),
				"alibabacloud.com/ecs-instance-id": "i-" + o.token("instance", i, 20),
			}
		},
	},
	"digitalocean": {
		region: "fra1", account: "team", instanceType: "s-4vcpu-8gb", versionSuffix: "",
		zones: []string{""}, osImage: "Debian GNU/Linux 13 (trixie)", kernel: "6.12.41+deb13-amd64",
		storageProvisioner: "dobs.csi.digitalocean.com", storageClass: "do-block-storage",
		context: func(o *options) string { return fmt.Sprintf("do-%s-%s", o.region, o.name) },
		nodeName: func(o *options, i int) string {
			return fmt.Sprintf("pool-%s-%s", o.token("pool", 0, 9), o.token("node", i, 5))
		},
		providerID: func(o *options, i int) string { return "digitalocean://" + o.digits(6) + fmt.Sprintf("%03d", i) },
		labels: func(o *options, i int) map[string]string {
			return map[string]string{
				"doks.digitalocean.com/node-pool":    "pool-" + o.token("pool", 0, 9),
				"doks.digitalocean.com/node-pool-id": o.token("poolid", 0, 32),
				"doks.digitalocean.com/version":      o.gitVersion,
			}
		},
	},
	"none": {
		region: "", account: "", instanceType: "", zones: []string{""},
		osImage: "Debian GNU/Linux 13 (trixie)", kernel: "6.12.41+deb13-amd64",
		storageProvisioner: "testbed.skyfleet.dev/local", storageClass: "standard",
		context:    func(o *options) string { return o.name },
		nodeName:   func(o *options, i int) string { return fmt.Sprintf("%s-node-%d", o.name, i) },
		providerID: func(*options, int) string { return "" },
		labels:     func(*options, int) map[string]string { return nil },
	},
}

// awsShort turns eu-west-1 into euw1, as zone IDs begin.
func awsShort(region string) string {
	return strings.NewReplacer("-north", "n", "-south", "s", "-central", "c", "-east", "e", "-west", "w", "east", "e", "west", "w", "-", "").Replace(region)
}

func (o *options) nodeName(i int) string { return o.profile.nodeName(o, i) }

// zone of the i-th node; clouds without zones in their labels return the region.
func (o *options) zone(i int) string { return o.region + o.profile.zones[i%len(o.profile.zones)] }

// token makes up a stable hexadecimal name of n characters.
func (o *options) token(kind string, i, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", o.name, kind, i))
	return hex.EncodeToString(sum[:])[:n]
}

// digits makes up a stable decimal number of n digits.
func (o *options) digits(n int) string {
	sum := sha256.Sum256([]byte(o.name))
	out := make([]byte, n)
	for i := range out {
		out[i] = '1' + sum[i]%9
	}
	return string(out)
}

// nodeLabels are those every cloud sets plus the cloud's own.
func (o *options) nodeLabels(i int) map[string]string {
	l := map[string]string{
		"kubernetes.io/hostname": o.nodeName(i),
		"kubernetes.io/os":       "linux",
		"kubernetes.io/arch":     "amd64",
	}
	if o.region != "" {
		l["topology.kubernetes.io/region"] = o.region
		l["topology.kubernetes.io/zone"] = o.zone(i)
	}
	if o.instanceType != "" {
		l["node.kubernetes.io/instance-type"] = o.instanceType
	}
	maps.Copy(l, o.profile.labels(o, i))
	return l
}
