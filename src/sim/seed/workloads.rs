//! Workloads of a bundle as objects at rest: the controller object, its revisions, its pods, and what stands around it.
//! Called by `seed::world`.

use serde_json::{Value, json};

use super::nodes::Rooms;
use super::pods::{Mould, running};
use super::{base, replicas};
use crate::sim::admit;
use crate::sim::clock::{self, DAY, HOUR, Millis};
use crate::sim::controllers;
use crate::sim::json as j;
use crate::sim::object::Stored;
use crate::sim::server::{Manager, Shape, own};
use crate::sim::spec::{Bundle, ClusterSpec, WorkloadSpec};
use crate::sim::store::World;
use crate::sim::table::{self, KindId};

/// Stores one workload and all that belongs to it.
pub(super) fn fill(
    world: &mut World,
    spec: &ClusterSpec,
    bundle: &Bundle,
    workload: &WorkloadSpec,
    rooms: &mut Rooms,
) {
    let ns = &bundle.namespace;
    let mut image = workload.image.clone();
    if let Some(tag) = spec.drift.get(&format!("{ns}/{}", workload.name))
        && let Some((name, _)) = workload.image.rsplit_once(':')
    {
        image = format!("{name}:{tag}");
    }
    let tag = image.rsplit(':').next().unwrap_or("").to_string();
    let template = template(workload, &bundle.team, &image, &tag);
    let labels = json!({"app.kubernetes.io/name": workload.name, "app.kubernetes.io/part-of": ns,
        "app.kubernetes.io/component": workload.component, "app.kubernetes.io/version": tag});
    let selector = json!({"matchLabels": {"app.kubernetes.io/name": workload.name}});
    let n = replicas(&workload.replicas, spec.size);
    let age = world.rng.between(60, 400) * DAY;
    let rolled = world.now - world.rng.between(1, 18) * DAY - world.rng.between(1, 20) * HOUR;
    let made = world.now - age;
    let meta = json!({"name": workload.name, "namespace": ns, "labels": labels, "generation": 1});
    around(world, bundle, workload, n, made);
    match workload.kind.as_str() {
        "StatefulSet" => stateful(world, workload, meta, selector, template, n, (made, rolled), rooms),
        "DaemonSet" => daemon(world, workload, meta, selector, template, (made, rolled), rooms),
        "CronJob" => cron(world, workload, meta, template, made),
        _ => deployment(world, workload, meta, selector, template, n, (made, rolled), rooms),
    }
}

fn template(workload: &WorkloadSpec, team: &str, image: &str, tag: &str) -> Value {
    let limit = if workload.limit.is_empty() { &workload.memory } else { &workload.limit };
    let mut main = json!({"name": workload.name, "image": image, "resources": {
        "requests": {"cpu": workload.cpu, "memory": workload.memory}, "limits": {"memory": limit}}});
    if workload.port > 0 {
        j::set(
            &mut main,
            "ports",
            json!([{"name": if workload.component == "db" { "tcp" } else { "http" }, "containerPort": workload.port}]),
        );
        if matches!(workload.component.as_str(), "web" | "api") {
            j::set(
                &mut main,
                "readinessProbe",
                json!({"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5}),
            );
            j::set(
                &mut main,
                "livenessProbe",
                json!({"httpGet": {"path": "/healthz", "port": "http"}, "initialDelaySeconds": 10}),
            );
        }
    }
    let mut env: Vec<Value> = workload.env.iter().map(|(k, v)| json!({"name": k, "value": v})).collect();
    for key in &workload.secret {
        env.push(json!({"name": key, "valueFrom": {"secretKeyRef": {"name": workload.name, "key": key}}}));
    }
    if !env.is_empty() {
        j::set(&mut main, "env", env);
    }
    if !workload.config.is_empty() {
        j::set(&mut main, "envFrom", json!([{"configMapRef": {"name": workload.name}}]));
    }
    if !workload.storage.is_empty() {
        j::set(&mut main, "volumeMounts", json!([{"name": "data", "mountPath": "/var/lib/data"}]));
    }
    let mut containers = vec![main];
    if !workload.sidecar.is_empty() {
        let name = workload.sidecar.rsplit('/').next().and_then(|l| l.split(':').next()).unwrap_or("sidecar");
        containers.push(json!({"name": name, "image": workload.sidecar, "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}}}));
    }
    let mut labels = json!({"app.kubernetes.io/name": workload.name, "app.kubernetes.io/component": workload.component,
        "app.kubernetes.io/version": tag});
    if !team.is_empty() {
        *j::key(&mut labels, "team") = team.into();
    }
    let mut out = json!({"metadata": {"labels": labels}, "spec": {"containers": containers}});
    if workload.host_network {
        j::set(&mut out, "spec.hostNetwork", true);
    }
    if workload.kind == "DaemonSet" {
        j::set(&mut out, "spec.tolerations", json!([{"operator": "Exists"}]));
        j::set(&mut out, "spec.priorityClassName", "system-node-critical");
    }
    if workload.kind == "CronJob" {
        j::set(&mut out, "spec.restartPolicy", "OnFailure");
    }
    out
}

/// Dresses an object: identity, defaults, owner of its fields. It is not stored yet; the answer can own others.
fn dress(world: &mut World, kind: KindId, value: &mut Value, made: Millis, manager: &str) -> Stored {
    let res = world.resource(kind);
    let (version, shape) = (res.api_version(), Shape::of(&res));
    let uid = world.rng.uid();
    // An applier owns what it wrote, a client that updates owns the defaults as well.
    if manager == "argocd" {
        own(value, shape, &Manager::apply("argocd-controller", &version, ""), made);
    }
    admit::defaults(world, kind, value);
    match manager {
        "argocd" => {}
        "kubectl" => own(value, shape, &Manager::update("kubectl-client-side-apply", &version, ""), made),
        _ => own(value, shape, &Manager::update("helm", &version, ""), made),
    }
    j::set(value, "metadata.uid", uid.clone());
    j::set(value, "metadata.creationTimestamp", clock::rfc3339(made));
    Stored::named(kind, j::text(value, "metadata.namespace"), j::text(value, "metadata.name"), &uid)
}

fn store(world: &mut World, kind: KindId, mut value: Value, made: Millis, manager: &str) {
    dress(world, kind, &mut value, made, manager);
    world.put(kind, value);
}

#[expect(clippy::too_many_arguments, reason = "the parts of a workload")]
fn deployment(
    world: &mut World,
    workload: &WorkloadSpec,
    meta: Value,
    selector: Value,
    template: Value,
    n: i64,
    (made, rolled): (Millis, Millis),
    rooms: &mut Rooms,
) {
    let number = world.rng.between(3, 60);
    let mut value =
        json!({"metadata": meta, "spec": {"replicas": n, "selector": selector, "template": template}});
    j::set(&mut value, "metadata.generation", number + 2);
    let owner = dress(world, table::DEPLOYMENT, &mut value, made, &workload.manager);
    j::annotate(&mut value, "deployment.kubernetes.io/revision", number.to_string());
    j::list_mut(&mut value, "metadata.managedFields").push(json!({"manager": "kube-controller-manager", "operation": "Update",
        "apiVersion": "apps/v1", "subresource": "status", "time": clock::rfc3339(rolled + 60_000), "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}},
            "f:status": {"f:availableReplicas": {}, "f:observedGeneration": {}, "f:readyReplicas": {}, "f:replicas": {}, "f:updatedReplicas": {}}}}));
    let mut set_name = String::new();
    for back in [1, 0] {
        let mut wearing = value.clone();
        if back == 1 {
            older_image(&mut wearing);
        }
        let hash = controllers::template_hash(j::at(&wearing, "spec.template"));
        let mut body = controllers::set_body(world, &owner, &wearing, &hash, number - back);
        let live = if back == 0 { n } else { 0 };
        j::set(&mut body, "spec.replicas", live);
        j::set(&mut body, "metadata.generation", 2);
        let mut status = json!({"replicas": live, "observedGeneration": 2});
        if live > 0 {
            for field in ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] {
                j::set(&mut status, field, live);
            }
        }
        if controllers::counts_terminating(world) {
            j::set(&mut status, "terminatingReplicas", 0);
        }
        j::set(&mut body, "status", status);
        let at = if back == 0 { rolled } else { rolled - 9 * DAY };
        let uid = world.rng.uid();
        j::set(&mut body, "metadata.uid", uid);
        j::set(&mut body, "metadata.creationTimestamp", clock::rfc3339(at.max(made)));
        let name = j::text(&body, "metadata.name").to_string();
        let stub = Stored::named(table::REPLICASET, &owner.key.ns, &name, j::text(&body, "metadata.uid"));
        if back == 0 && n > 0 {
            let pod = running(world, &stub, j::at(&body, "spec.template"));
            let recent = world.now - 2 * HOUR;
            Mould::new(&pod, &stub).scatter(world, rooms, n, recent.max(rolled + 1), rolled.max(made));
        }
        world.put(table::REPLICASET, body);
        set_name = name;
    }
    let (begun, done) = (clock::rfc3339(made), clock::rfc3339(rolled + 60_000));
    let mut status = json!({"observedGeneration": number + 2, "conditions": [
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability.", "lastTransitionTime": done, "lastUpdateTime": done},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": format!("ReplicaSet \"{}\" has successfully progressed.", set_name), "lastTransitionTime": begun, "lastUpdateTime": done}]});
    if n > 0 {
        for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
            j::set(&mut status, field, n);
        }
    }
    if controllers::counts_terminating(world) {
        j::set(&mut status, "terminatingReplicas", 0);
    }
    j::set(&mut value, "status", status);
    world.put(table::DEPLOYMENT, value);
}

/// The template of the revision before: the last number of the tag one lower.
fn older_image(value: &mut Value) {
    let Some(main) = j::existing_list_mut(value, "spec.template.spec.containers").and_then(|c| c.first_mut())
    else {
        return;
    };
    let image = j::text(main, "image").to_string();
    let split = image.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let (head, digits) = (image.get(..split).unwrap_or(""), image.get(split..).unwrap_or(""));
    let older = match digits.parse::<u64>() {
        Ok(n) if n > 0 => format!("{head}{}", n - 1),
        _ => format!("{image}-rc1"),
    };
    j::set(main, "image", older);
}

#[expect(clippy::too_many_arguments, reason = "the parts of a workload")]
fn stateful(
    world: &mut World,
    workload: &WorkloadSpec,
    meta: Value,
    selector: Value,
    template: Value,
    n: i64,
    (made, rolled): (Millis, Millis),
    rooms: &mut Rooms,
) {
    let mut value = json!({"metadata": meta, "spec": {"replicas": n, "selector": selector, "template": template, "serviceName": workload.name}});
    if !workload.storage.is_empty() {
        j::set(
            &mut value,
            "spec.volumeClaimTemplates",
            json!([{"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": workload.storage}}}}]),
        );
    }
    let owner = dress(world, table::STATEFULSET, &mut value, made, &workload.manager);
    let revision =
        format!("{}-{}", workload.name, controllers::template_hash(j::at(&value, "spec.template")));
    let class = world.all(table::STORAGECLASS, "").map(|c| c.key.name.to_string()).next().unwrap_or_default();
    for ordinal in 0..n {
        let mut template = j::at(&value, "spec.template").clone();
        let name = format!("{}-{ordinal}", workload.name);
        let labels = j::slot(&mut template, "metadata.labels");
        *j::key(labels, "controller-revision-hash") = revision.clone().into();
        *j::key(labels, "statefulset.kubernetes.io/pod-name") = name.clone().into();
        *j::key(labels, "apps.kubernetes.io/pod-index") = ordinal.to_string().into();
        j::set(&mut template, "spec.hostname", name.clone());
        j::set(&mut template, "spec.subdomain", workload.name.clone());
        if !workload.storage.is_empty() {
            let claim = format!("data-{name}");
            j::set(
                &mut template,
                "spec.volumes",
                json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]),
            );
            volume(world, &owner, &claim, &workload.storage, &class, made);
        }
        let pod = running(world, &owner, &template);
        let mould = Mould::new(&pod, &owner);
        let (cpu, memory) = mould.asks();
        if let Some(place) = rooms.take(cpu, memory) {
            mould.cast(world, &place, rolled + (n - ordinal) * 90_000, &name);
        }
    }
    let body = json!({"metadata": {"name": revision, "namespace": &*owner.key.ns, "ownerReferences": [controllers::owner_ref(world, &owner)]},
        "data": {"spec": {"template": j::at(&value, "spec.template")}}, "revision": 1});
    base::put(world, table::CONTROLLERREVISION, rolled, body);
    let mut status = json!({"observedGeneration": 1, "replicas": n, "availableReplicas": n, "currentRevision": revision,
        "updateRevision": revision, "collisionCount": 0});
    for field in ["readyReplicas", "currentReplicas", "updatedReplicas"] {
        j::set(&mut status, field, n);
    }
    j::set(&mut value, "status", status);
    world.put(table::STATEFULSET, value);
}

fn volume(world: &mut World, owner: &Stored, claim: &str, size: &str, class: &str, made: Millis) {
    let uid = world.rng.uid();
    let name = format!("pvc-{uid}");
    let body = json!({"metadata": {"name": claim, "namespace": &*owner.key.ns, "uid": uid, "creationTimestamp": clock::rfc3339(made),
            "finalizers": ["kubernetes.io/pvc-protection"], "labels": {"app.kubernetes.io/name": &*owner.key.name}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "storageClassName": class, "volumeMode": "Filesystem", "volumeName": name},
        "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}}});
    world.put(table::PVC, body);
    let volume = json!({"metadata": {"name": name, "finalizers": ["kubernetes.io/pv-protection"]},
        "spec": {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": class, "volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": &*owner.key.ns, "name": claim, "uid": uid},
            "csi": {"driver": "csi.simulated", "volumeHandle": format!("vol-{uid}")}},
        "status": {"phase": "Bound"}});
    base::put(world, table::PV, made, volume);
}

fn daemon(
    world: &mut World,
    workload: &WorkloadSpec,
    meta: Value,
    selector: Value,
    template: Value,
    (made, rolled): (Millis, Millis),
    rooms: &mut Rooms,
) {
    let mut value = json!({"metadata": meta, "spec": {"selector": selector, "template": template}});
    let owner = dress(world, table::DAEMONSET, &mut value, made, &workload.manager);
    let hash = controllers::template_hash(j::at(&value, "spec.template"));
    let mut wearing = j::at(&value, "spec.template").clone();
    let labels = j::slot(&mut wearing, "metadata.labels");
    *j::key(labels, "controller-revision-hash") = hash.clone().into();
    *j::key(labels, "pod-template-generation") = "1".into();
    j::set(
        &mut wearing,
        "spec.affinity",
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["@@O@@"]}]}]}}}),
    );
    let pod = running(world, &owner, &wearing);
    let mould = Mould::new(&pod, &owner);
    let (cpu, memory) = mould.asks();
    let places = rooms.take_all(cpu, memory);
    let n = j::count(places.len());
    for place in &places {
        let created = rolled + i64::try_from(world.rng.below(3_600_000)).unwrap_or(0);
        mould.cast(world, place, created, "");
    }
    j::set(
        &mut value,
        "status",
        json!({"observedGeneration": 1, "desiredNumberScheduled": n, "currentNumberScheduled": n,
        "numberMisscheduled": 0, "numberReady": n, "updatedNumberScheduled": n, "numberAvailable": n}),
    );
    world.put(table::DAEMONSET, value);
}

fn cron(world: &mut World, workload: &WorkloadSpec, meta: Value, template: Value, made: Millis) {
    let mut value = json!({"metadata": meta, "spec": {"schedule": workload.schedule, "concurrencyPolicy": "Forbid",
        "jobTemplate": {"spec": {"backoffLimit": 2, "template": template}}}});
    if let Some(fields) = controllers::cron_fields(&workload.schedule) {
        for window in [HOUR, DAY, 32 * DAY] {
            let mut last = controllers::cron_next(&fields, world.now - window);
            if last > world.now {
                continue;
            }
            while controllers::cron_next(&fields, last) <= world.now {
                last = controllers::cron_next(&fields, last);
            }
            j::set(&mut value, "status.lastScheduleTime", clock::rfc3339(last));
            j::set(&mut value, "status.lastSuccessfulTime", clock::rfc3339((last + 9_000).min(world.now)));
            break;
        }
    }
    store(world, table::CRONJOB, value, made, &workload.manager);
}

/// Service, ingress, autoscaler, budget, config and secret of a workload.
fn around(world: &mut World, bundle: &Bundle, workload: &WorkloadSpec, n: i64, made: Millis) {
    let (ns, name) = (&bundle.namespace, &workload.name);
    let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": ns});
    let meta = json!({"name": name, "namespace": ns, "labels": labels});
    let selector = json!({"app.kubernetes.io/name": name});
    if !workload.config.is_empty() {
        let body = json!({"metadata": meta, "data": workload.config});
        store(world, table::CONFIGMAP, body, made, &workload.manager);
    }
    if !workload.secret.is_empty() {
        let data: serde_json::Map<String, Value> = workload
            .secret
            .iter()
            .map(|k| (k.clone(), Value::from(format!("{k}-{}", world.rng.hex(16)))))
            .collect();
        store(
            world,
            table::SECRET,
            json!({"metadata": meta, "type": "Opaque", "stringData": data}),
            made,
            &workload.manager,
        );
    }
    let service = if workload.service.is_empty() && workload.kind == "StatefulSet" {
        "Headless"
    } else {
        &workload.service
    };
    if !service.is_empty() && workload.port > 0 {
        let port = if matches!(workload.component.as_str(), "web" | "api") { 80 } else { workload.port };
        let mut body = json!({"metadata": meta, "spec": {"selector": selector, "ports": [
            {"name": "http", "port": port, "targetPort": workload.port}]}});
        match service {
            "Headless" => j::set(&mut body, "spec.clusterIP", "None"),
            kind => j::set(&mut body, "spec.type", kind),
        }
        if service == "LoadBalancer" {
            let ip = format!("203.0.113.{}", world.rng.between(2, 250));
            j::set(&mut body, "status.loadBalancer.ingress", json!([{"ip": ip, "ipMode": "VIP"}]));
        }
        store(world, table::SERVICE, body, made, &workload.manager);
    }
    if !workload.host.is_empty() {
        let body = json!({"metadata": meta, "spec": {"ingressClassName": "nginx", "rules": [{"host": workload.host, "http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 80}}}}]}}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}});
        store(world, table::INGRESS, body, made, &workload.manager);
    }
    if workload.hpa > 0 && n > 0 {
        let body = json!({"metadata": meta, "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": workload.kind, "name": name},
                "minReplicas": n, "maxReplicas": n * 2 + 2, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": workload.hpa}}}]},
            "status": {"currentReplicas": n, "desiredReplicas": n}});
        store(world, table::HPA, body, made, &workload.manager);
    }
    if !workload.pdb.is_empty() {
        let least =
            workload.pdb.parse::<i64>().map_or_else(|_| Value::from(workload.pdb.as_str()), Value::from);
        let body =
            json!({"metadata": meta, "spec": {"minAvailable": least, "selector": {"matchLabels": selector}}});
        store(world, table::PDB, body, made, &workload.manager);
    }
}
