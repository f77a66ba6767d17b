//! The commands, as data: what is typed, and how the two answers are compared. What may differ is listed with its reason.

/// How a row is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Once: the same text and exit code.
    Same,
    /// A read that is repeated until both say the same.
    Settles,
    /// The same, in any order of lines.
    Unordered,
    /// As many lines and the same exit code: what is said differs from world to world.
    Counts,
    /// The same exit code after something was said.
    Ends,
}

/// Lines that are not compared, and why not.
pub(super) const DIFFERENCES: &[(&str, &str)] = &[
    (
        r"topology\.kubernetes\.io/",
        "pods carry the zone of their node; this cluster of the simulation has none",
    ),
    (r"Container ID:|containerID:|Image ID:|imageID:", "both worlds make them up"),
    (
        r"\b(Pulling|Pulled)\b",
        "nodes of the simulation pull an image the first time, the testbed's kubelet has every image",
    ),
    (
        r"^  Username |^  Extra: |^Username |^Extra: ",
        "the users have other names; X.509 leaves a credential id, a token does not",
    ),
    (
        r"\bClusterIPNotAllocated\b|: IP is not allocated; repairing",
        "a real server checks its addresses when it starts and every three minutes; a service made in that moment has an event",
    ),
    (
        r"websocket\.go:\d+\] Unknown stream id",
        "kubectl's own log of a command that ended before all its streams were open, by chance",
    ),
    (r"^Server Version: |^Kustomize Version: ", "the versions of the two clusters"),
    (r"^Waiting for ", "how far a rollout is at one moment is chance"),
    (r"^diff -u -N |^--- |^\+\+\+ ", "kubectl's own temporary files, and when they were written"),
];

// What rows leave out altogether:
// - the text of logs: each world has its own applications; lines are counted
// - numbers of `top`: usage is made up in both worlds; its form is compared
// - --show-managed-fields of what controllers wrote: the simulated controllers own no fields
// - api-resources, api-versions: the simulation serves the kinds a fleet has, a real server a dozen more
// - exec by plain SPDY (KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false): kubectl has used WebSocket since 1.31; SPDY is spoken
//   inside it, for port-forward
// - debug, cp, proxies to pods and nodes: containers are toys here

/// The rows, in order; those that write come once. `NS` is the namespace, `APP`, `APP4`, `PODS`, `REST` and `ODD` are files.
pub(super) const ROWS: &[(&str, How)] = &[
    ("apply -f PODS", How::Same),
    ("rollout status deploy/web -n NS --timeout=60s", How::Same),
    ("wait --for=condition=Available deploy/web -n NS --timeout=60s", How::Same),
    ("apply -f APP", How::Same),
    ("apply -f APP", How::Same),
    ("get all -n NS -o wide", How::Settles),
    ("get pods -n NS", How::Settles),
    ("get pods -n NS -o wide -l app=web", How::Settles),
    ("get deploy,sts,ds -n NS", How::Settles),
    ("get cm,pdb,endpointslices,sa,secrets -n NS", How::Settles),
    ("get ep -n NS", How::Settles),
    (
        "get events -n NS -o custom-columns=TYPE:.type,REASON:.reason,KIND:.involvedObject.kind,MESSAGE:.message",
        How::Unordered,
    ),
    ("get deploy web -n NS -o yaml", How::Settles),
    ("get deploy web -n NS -o json", How::Settles),
    ("get sts db -n NS -o yaml", How::Settles),
    ("get svc web -n NS -o yaml", How::Settles),
    ("get pod db-0 -n NS -o jsonpath={.spec}", How::Settles),
    ("get pods -n NS -l app=none", How::Same),
    ("get pods -n NS --field-selector=status.phase=Running -o name", How::Settles),
    ("get deploy none -n NS", How::Same),
    ("get nonsense", How::Same),
    ("get pods -n NS -l app=web -o name --sort-by=.metadata.uid", How::Settles),
    ("describe deploy web -n NS", How::Unordered),
    ("describe pod db-0 -n NS", How::Unordered),
    ("describe svc web -n NS", How::Settles),
    ("describe pdb web -n NS", How::Settles),
    ("describe ds agent -n NS", How::Unordered),
    ("describe sts db -n NS", How::Unordered),
    ("describe cronjob night -n NS", How::Settles),
    ("describe cm conf -n NS", How::Settles),
    ("describe ns NS", How::Settles),
    ("explain deployment.spec.strategy", How::Same),
    ("explain pods --recursive", How::Same),
    ("explain hpa.spec.metrics", How::Same),
    ("explain nothing", How::Same),
    ("auth can-i delete pods -n NS", How::Same),
    ("auth can-i delete pods -n NS --as jane", How::Same),
    ("auth can-i --list", How::Same),
    ("auth whoami", How::Same),
    ("get pods -n NS --as jane", How::Same),
    ("logs -n NS db-0 --tail=3", How::Counts),
    ("logs -n NS deploy/web --tail=2 --timestamps", How::Counts),
    ("logs -n NS db-0 -c none", How::Same),
    ("logs -n NS none", How::Same),
    ("exec -n NS db-0 -- cat /etc/hosts", How::Same),
    ("exec -n NS db-0 -- sh -c exit%203", How::Same),
    ("exec -n NS db-0 -- nonsense", How::Same),
    ("exec -n NS db-0 -c none -- ls", How::Same),
    ("exec -n NS none -- ls", How::Same),
    ("top pods -n NS", How::Settles),
    ("top nodes", How::Settles),
    ("diff -f APP", How::Same),
    ("diff -f APP4", How::Same),
    ("apply -f APP4 --dry-run=server", How::Same),
    ("apply -f ODD", How::Same),
    ("apply -f ODD --validate=warn --dry-run=server", How::Same),
    ("apply --server-side -f APP4 --field-manager=other", How::Same),
    ("apply --server-side -f APP4", How::Same),
    ("rollout status deploy/web -n NS --timeout=60s", How::Same),
    ("apply --server-side -f APP --field-manager=other", How::Same),
    ("apply --server-side -f APP --field-manager=other --force-conflicts", How::Same),
    ("apply -f APP --dry-run=server", How::Same),
    ("scale deploy web -n NS --replicas=3", How::Same),
    ("scale deploy none -n NS --replicas=3", How::Same),
    ("rollout status deploy/web -n NS --timeout=60s", How::Same),
    ("get deploy web -n NS", How::Settles),
    ("set image deploy/web -n NS main=registry.example/web:1.0.1", How::Same),
    ("rollout status deploy/web -n NS --timeout=60s", How::Same),
    ("annotate deploy web -n NS kubernetes.io/change-cause=second", How::Same),
    ("rollout history deploy/web -n NS", How::Settles),
    ("rollout history deploy/web -n NS --revision=1", How::Settles),
    ("rollout undo deploy/web -n NS", How::Same),
    ("rollout status deploy/web -n NS --timeout=60s", How::Same),
    ("rollout history deploy/web -n NS", How::Settles),
    (
        "get rs -n NS -o custom-columns=WANTED:.spec.replicas,IMAGE:.spec.template.spec.containers[0].image",
        How::Unordered,
    ),
    ("rollout pause deploy/web -n NS", How::Same),
    ("rollout pause deploy/web -n NS", How::Same),
    ("rollout restart deploy/web -n NS", How::Same),
    ("rollout resume deploy/web -n NS", How::Same),
    ("rollout restart deploy/web -n NS", How::Same),
    ("rollout status deploy/web -n NS --timeout=60s", How::Same),
    ("rollout restart sts/db -n NS", How::Same),
    ("rollout status sts/db -n NS --timeout=60s", How::Same),
    ("label pod db-0 -n NS tier=data", How::Same),
    ("label pod db-0 -n NS tier=other", How::Same),
    ("patch deploy web -n NS -p {\"spec\":{\"replicas\":2}}", How::Same),
    (
        "patch deploy web -n NS --type=json -p [{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":9}]",
        How::Same,
    ),
    ("create cm made -n NS --from-literal=a=b", How::Same),
    ("create cm made -n NS --from-literal=a=b", How::Same),
    ("create secret generic hidden -n NS --from-literal=a=b", How::Same),
    ("create deploy bare -n NS --image=registry.example/bare:1", How::Same),
    ("create job once -n NS --image=registry.example/job:1 -- true", How::Same),
    ("wait --for=condition=Complete job/once -n NS --timeout=60s", How::Same),
    ("logs -f -n NS job/once", How::Ends),
    ("get job once -n NS", How::Settles),
    ("expose deploy bare -n NS --port=80", How::Same),
    ("create quota few -n NS --hard=pods=1,services=9", How::Same),
    ("scale deploy bare -n NS --replicas=2", How::Same),
    ("describe quota few -n NS", How::Settles),
    ("delete quota few -n NS", How::Same),
    ("delete cm made -n NS", How::Same),
    ("delete cm made -n NS", How::Same),
    ("delete pod db-0 -n NS --wait=true", How::Same),
    ("wait --for=condition=Ready pod/db-0 -n NS --timeout=60s", How::Counts),
    ("delete deploy web -n NS --dry-run=server", How::Same),
    ("delete deploy web bare -n NS --cascade=foreground --wait=true", How::Same),
    ("wait --for=delete deploy/web -n NS --timeout=60s", How::Same),
    ("get deploy -n NS", How::Same),
    ("delete -f REST --ignore-not-found --wait=false", How::Same),
    ("delete ns NS --wait=false", How::Same),
];
