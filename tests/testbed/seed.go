// seed.go: a few namespaces and workloads, some of them broken, for a look by hand. Names and images are made up.

package main

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// seedApp is one line of the seed.
type seedApp struct {
	namespace, name, image string
	replicas               int32
	cpu, memory            string
	annotations            map[string]string
}

var seedApps = []seedApp{
	{"shop", "web", "shop/web:2.4.1", 4, "250m", "256Mi", map[string]string{annotationPrefix + "log-rate": "4"}},
	{"shop", "api", "shop/api:1.18.0", 3, "500m", "512Mi", map[string]string{annotationPrefix + "log-rate": "2", annotationPrefix + "log-format": "json"}},
	{"shop", "search", "shop/search:0.9.3-slow", 2, "200m", "1Gi", nil},
	{"shop", "recommendations", "shop/recommendations:3.0.0-oom", 1, "100m", "128Mi", nil},
	{"payments", "gateway", "payments/gateway:5.2.0", 2, "250m", "256Mi", map[string]string{annotationPrefix + "log-format": "logfmt"}},
	{"payments", "fraud-check", "payments/fraud-check:1.1.0", 1, "100m", "256Mi", map[string]string{
		annotationPrefix + "behaviour": behaviourCrashLoop, annotationPrefix + "restarts": "14", annotationPrefix + "exit-code": "2",
	}},
	{"payments", "ledger", "payments/ledger:2.0.0-missing", 1, "100m", "128Mi", nil},
	{"team-a", "worker", "team-a/worker:7", 2, "100m", "128Mi", nil},
}

func seed(ctx context.Context, c *clients) error {
	create := metav1.CreateOptions{}
	var steps []func() error
	for _, name := range []string{"shop", "payments"} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		steps = append(steps, func() error { _, err := c.kube.CoreV1().Namespaces().Create(ctx, ns, create); return err })
	}
	for _, a := range seedApps {
		steps = append(steps,
			func() error {
				_, err := c.kube.AppsV1().Deployments(a.namespace).Create(ctx, a.deployment(), create)
				return err
			},
			func() error {
				_, err := c.kube.CoreV1().Services(a.namespace).Create(ctx, a.service(), create)
				return err
			})
	}
	web := seedApps[0]
	minimum, target := int32(2), int32(70)
	scaler := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: web.meta(),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: web.name},
			MinReplicas:    &minimum, MaxReplicas: 8,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
				Name:   corev1.ResourceCPU,
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &target},
			}}},
		},
	}
	available := intstr.FromInt32(1)
	budget := &policyv1.PodDisruptionBudget{
		ObjectMeta: web.meta(),
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &available, Selector: web.selector()},
	}
	replicas := int32(2)
	database := seedApp{"shop", "postgres", "shop/postgres:17", 2, "500m", "1Gi", nil}
	set := &appsv1.StatefulSet{
		ObjectMeta: database.meta(),
		Spec:       appsv1.StatefulSetSpec{Replicas: &replicas, ServiceName: database.name, Selector: database.selector(), Template: database.template()},
	}
	agent := seedApp{"kube-system", "node-agent", "ops/node-agent:1.30", 0, "50m", "64Mi", nil}
	daemons := &appsv1.DaemonSet{ObjectMeta: agent.meta(), Spec: appsv1.DaemonSetSpec{Selector: agent.selector(), Template: agent.template()}}
	report := seedApp{"shop", "report", "shop/report:1", 0, "50m", "64Mi", nil}
	job := report.template()
	job.Spec.RestartPolicy = corev1.RestartPolicyNever
	cron := &batchv1.CronJob{
		ObjectMeta: report.meta(),
		Spec:       batchv1.CronJobSpec{Schedule: "*/5 * * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: job}}},
	}
	steps = append(steps,
		func() error {
			_, err := c.kube.AutoscalingV2().HorizontalPodAutoscalers("shop").Create(ctx, scaler, create)
			return err
		},
		func() error {
			_, err := c.kube.PolicyV1().PodDisruptionBudgets("shop").Create(ctx, budget, create)
			return err
		},
		func() error { _, err := c.kube.AppsV1().StatefulSets("shop").Create(ctx, set, create); return err },
		func() error {
			_, err := c.kube.AppsV1().DaemonSets("kube-system").Create(ctx, daemons, create)
			return err
		},
		func() error { _, err := c.kube.BatchV1().CronJobs("shop").Create(ctx, cron, create); return err },
	)
	for _, step := range steps {
		if err := step(); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

func (a seedApp) labels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": a.name, "app.kubernetes.io/part-of": a.namespace}
}

func (a seedApp) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: a.name, Namespace: a.namespace, Labels: a.labels()}
}

func (a seedApp) selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": a.name}}
}

func (a seedApp) template() corev1.PodTemplateSpec {
	resources := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(a.cpu), corev1.ResourceMemory: resource.MustParse(a.memory)}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: a.labels(), Annotations: a.annotations},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: a.name, Image: a.image,
			Ports:     []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
			Resources: corev1.ResourceRequirements{Requests: resources, Limits: corev1.ResourceList{corev1.ResourceMemory: resources[corev1.ResourceMemory]}},
		}}},
	}
}

func (a seedApp) deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: a.meta(),
		Spec:       appsv1.DeploymentSpec{Replicas: &a.replicas, Selector: a.selector(), Template: a.template()},
	}
}

func (a seedApp) service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: a.meta(),
		Spec: corev1.ServiceSpec{
			Selector: a.selector().MatchLabels,
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
		},
	}
}
