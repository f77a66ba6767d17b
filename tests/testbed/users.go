// users.go: who may log in: tokens.csv, the kubeconfigs, and the RBAC objects behind them.

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Users that log in by a token. What they may do is in ensureRBAC.
const (
	viewerUser  = "viewer"
	limitedUser = "limited"
	nobodyUser  = "nobody"
)

// limitedNamespace is the only one the limited user may look into.
const limitedNamespace = "team-a"

// ensureUsers writes tokens.csv (once) and the kubeconfigs (each time, the port may be new); it returns the
// kubeconfigs' paths by kind.
func ensureUsers(o *options, p *pki) (map[string]string, error) {
	tokens, err := ensureTokens(o.path("tokens.csv"))
	if err != nil {
		return nil, err
	}
	trusted := &clientcmdapi.Cluster{Server: o.server(), CertificateAuthorityData: p.ca.certPEM}
	foreign := &clientcmdapi.Cluster{Server: o.server(), CertificateAuthorityData: p.foreignCA.certPEM}
	insecure := &clientcmdapi.Cluster{Server: o.server(), InsecureSkipTLSVerify: true}
	byCert := func(k *keyPair) *clientcmdapi.AuthInfo {
		return &clientcmdapi.AuthInfo{ClientCertificateData: k.certPEM, ClientKeyData: k.keyPEM}
	}
	byToken := func(token string) *clientcmdapi.AuthInfo { return &clientcmdapi.AuthInfo{Token: token} }

	configs := []struct {
		kind, namespace string
		cluster         *clientcmdapi.Cluster
		user            *clientcmdapi.AuthInfo
		hidden          bool
	}{
		{"admin", "", trusted, byCert(p.admin), false},
		{"viewer", "", trusted, byToken(tokens[viewerUser]), false},
		{"limited", limitedNamespace, trusted, byToken(tokens[limitedUser]), false},
		{"nobody", "", trusted, byToken(tokens[nobodyUser]), false},
		{"wrong", "", trusted, byToken("not-a-token-of-this-cluster"), false},
		{"expired", "", trusted, byCert(p.expired), false},
		{"version1", "", trusted, byCert(p.version1), false},
		{"foreign-ca", "", foreign, byCert(p.admin), false},
		{"internal", "", insecure, byCert(p.internal), true},
	}
	paths := map[string]string{}
	for _, c := range configs {
		name, cluster := o.contextName, o.contextName
		if c.kind != "admin" {
			name += "-" + c.kind
		}
		if c.cluster != trusted {
			cluster = name
		}
		cfg := clientcmdapi.NewConfig()
		cfg.Clusters[cluster] = c.cluster
		cfg.AuthInfos[name] = c.user
		cfg.Contexts[name] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: name, Namespace: c.namespace}
		cfg.CurrentContext = name
		path := o.path(c.kind + ".kubeconfig")
		if err := clientcmd.WriteToFile(*cfg, path); err != nil {
			return nil, err
		}
		if !c.hidden {
			paths[c.kind] = path
		}
	}
	return paths, nil
}

// mergeKubeconfigs joins kubeconfigs whose names differ; the first one's context stays current.
func mergeKubeconfigs(target string, from []string) error {
	merged, err := (&clientcmd.ClientConfigLoadingRules{Precedence: from}).Load()
	if err != nil {
		return err
	}
	return clientcmd.WriteToFile(*merged, target)
}

// ensureTokens reads the tokens by user, after making them up if the file is not there.
func ensureTokens(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		for _, user := range []string{viewerUser, limitedUser, nobodyUser} {
			secret := make([]byte, 24)
			if _, err := rand.Read(secret); err != nil {
				return nil, err
			}
			raw = fmt.Appendf(raw, "%s,%s,%s,\"testbed\"\n", hex.EncodeToString(secret), user, user)
		}
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	tokens := map[string]string{}
	for _, row := range rows {
		if len(row) >= 2 {
			tokens[row[1]] = row[0]
		}
	}
	return tokens, nil
}

// ensureRBAC gives the users their rights; objects that exist stay as they are, so a test may change them.
func ensureRBAC(ctx context.Context, c *clients) error {
	rbac := c.kube.RbacV1()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: limitedNamespace}}
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "pod-reader", Namespace: limitedNamespace},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
		},
	}
	nodeReader := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "testbed:node-reader"},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list", "watch"}},
			{APIGroups: []string{"metrics.k8s.io"}, Resources: []string{"nodes"}, Verbs: []string{"get", "list"}},
		},
	}
	// As metrics-server installs it: the built-in roles learn to read pod metrics by aggregation.
	metricsReader := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "system:aggregated-metrics-reader", Labels: map[string]string{
			"rbac.authorization.k8s.io/aggregate-to-view":  "true",
			"rbac.authorization.k8s.io/aggregate-to-edit":  "true",
			"rbac.authorization.k8s.io/aggregate-to-admin": "true",
		}},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{"metrics.k8s.io"}, Resources: []string{"pods", "nodes"}, Verbs: []string{"get", "list", "watch"}},
		},
	}
	bind := func(name, role string) *rbacv1.ClusterRoleBinding {
		return &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: viewerUser, APIGroup: rbacv1.GroupName}},
			RoleRef:    rbacv1.RoleRef{Kind: "ClusterRole", Name: role, APIGroup: rbacv1.GroupName},
		}
	}
	limited := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "testbed-limited", Namespace: limitedNamespace},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: limitedUser, APIGroup: rbacv1.GroupName}},
		RoleRef:    rbacv1.RoleRef{Kind: "Role", Name: role.Name, APIGroup: rbacv1.GroupName},
	}
	options := metav1.CreateOptions{}
	steps := []func() error{
		func() error { _, err := c.kube.CoreV1().Namespaces().Create(ctx, ns, options); return err },
		func() error { _, err := rbac.ClusterRoles().Create(ctx, nodeReader, options); return err },
		func() error { _, err := rbac.ClusterRoles().Create(ctx, metricsReader, options); return err },
		func() error {
			_, err := rbac.ClusterRoleBindings().Create(ctx, bind("testbed-viewer", "view"), options)
			return err
		},
		func() error {
			_, err := rbac.ClusterRoleBindings().Create(ctx, bind("testbed-viewer-nodes", nodeReader.Name), options)
			return err
		},
		func() error { _, err := rbac.Roles(limitedNamespace).Create(ctx, role, options); return err },
		func() error { _, err := rbac.RoleBindings(limitedNamespace).Create(ctx, limited, options); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}
