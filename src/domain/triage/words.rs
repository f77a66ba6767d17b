//! Causes out of the words of kubelets, schedulers and controllers.
//!
//! Lives here: reading messages that have no fields. Never: rules. Called by the families of rules.

use crate::domain::text::SafeText;

/// Why an image cannot be pulled, by the image or, where the cause is the registry's, by the registry.
pub(super) fn image_pull(image: &SafeText, reason: &str, message: &str) -> String {
    let lower = message.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|p| lower.contains(p));
    let registry = registry_of(image);
    if reason == "InvalidImageName" {
        return format!("image name is invalid: {image}");
    }
    if reason == "ErrImageNeverPull" {
        return format!("image is not on the node and may not be pulled: {image}");
    }
    if has(&["toomanyrequests", "too many requests", "rate limit"]) {
        format!("registry rate limit: {registry}")
    } else if has(&["no match for platform", "no matching manifest"]) {
        format!("image has no build for the node's architecture: {image}")
    } else if has(&[
        "unauthorized",
        "authentication required",
        "access denied",
        "403 forbidden",
        "no basic auth",
    ]) {
        // Docker Hub and others say "access denied" of what does not exist, too: the words say both.
        format!("image pull unauthorized: {image}")
    } else if has(&["not found", "manifest unknown", "name unknown", "does not exist"]) {
        format!("image not found: {image}")
    } else if has(&["x509", "certificate", "tls:"]) {
        format!("registry certificate not trusted: {registry}")
    } else if has(&["no such host", "server misbehaving"]) {
        format!("registry name does not resolve: {registry}")
    } else if has(&["timeout", "deadline exceeded", "connection refused", "connection reset", "unreachable"])
    {
        format!("registry unreachable: {registry}")
    } else {
        format!("image cannot be pulled: {image}")
    }
}

/// The registry of an image name, `docker.io` where it names none.
pub(super) fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// Why no node takes a pod, from the scheduler's words: `0/3 nodes are available: 1 node(s) had untolerated taint
/// {x: y}, 2 Insufficient cpu. preemption: …`. What is scarce goes before what does not match, for the nodes that
/// do not match (control planes) are not the trouble; else what most nodes say.
pub(super) fn unschedulable(message: &str) -> String {
    let reasons = message.split_once("available: ").map_or(message, |(_, r)| r);
    let end =
        [". preemption:", ". no new claims", ", preemption:"].iter().filter_map(|m| reasons.find(m)).min();
    let reasons = end.and_then(|e| reasons.get(..e)).unwrap_or(reasons).trim().trim_end_matches('.');
    let mut parts: Vec<(u64, &str)> = split_reasons(reasons).into_iter().map(counted).collect();
    parts.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let scarce: Vec<&str> = parts.iter().filter_map(|(_, r)| r.strip_prefix("Insufficient ")).collect();
    if !scarce.is_empty() {
        return format!("Insufficient {}", scarce.join(", "));
    }
    match parts.first() {
        Some((_, reason)) if !reason.is_empty() => plain(reason),
        _ => "no node takes it".to_owned(),
    }
}

/// At commas outside braces: taints are written in them.
fn split_reasons(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(start..));
    out.into_iter().map(str::trim).filter(|r| !r.is_empty()).collect()
}

fn counted(reason: &str) -> (u64, &str) {
    match reason.split_once(' ') {
        Some((n, rest)) => n.parse().map_or((0, reason), |n| (n, rest)),
        None => (0, reason),
    }
}

fn plain(reason: &str) -> String {
    let reason = reason.strip_prefix("node(s) ").unwrap_or(reason);
    if let Some((_, taint)) = reason.split_once("untolerated taint") {
        let taint = taint.trim_start_matches("(s)").trim().trim_matches(['{', '}']).trim();
        return format!("untolerated taint {}", taint.trim_end_matches(':')).trim_end().to_owned();
    }
    for (part, words) in [
        ("node affinity/selector", "no node matches the affinity or selector"),
        ("node selector", "no node matches the affinity or selector"),
        ("anti-affinity", "pod anti-affinity leaves no node"),
        ("pod affinity", "pod affinity leaves no node"),
        ("topology spread", "topology spread leaves no node"),
        ("volume node affinity", "its volume is in another zone"),
        ("unbound immediate", "its volume claim is not bound"),
        ("persistentvolumeclaim", "its volume claim is missing"),
        ("free ports", "host port is taken on every node"),
        ("Too many pods", "nodes are full: too many pods"),
        ("were unschedulable", "nodes are cordoned"),
    ] {
        if reason.contains(part) {
            return words.to_owned();
        }
    }
    reason.to_owned()
}

/// Why a controller cannot make pods. The second part: the cause lies outside the workload.
pub(super) fn create_failed(message: &str) -> (String, bool) {
    let quoted = |after: &str| {
        let rest = message.split_once(after)?.1.trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(word, _)| word.to_owned())
    };
    if let Some((_, rest)) = message.split_once("exceeded quota: ") {
        let name = rest.split(',').next().unwrap_or("");
        return (format!("quota exceeded: {name}"), true);
    }
    if message.contains("failed calling webhook") || message.contains("admission webhook") {
        let name = quoted("webhook").unwrap_or_default();
        let verb = if message.contains("failed calling webhook") { "fails" } else { "refuses" };
        return (format!("webhook {verb}: {name}"), true);
    }
    if message.contains("violates PodSecurity") {
        return (format!("pod security forbids it: {}", quoted("PodSecurity").unwrap_or_default()), false);
    }
    if message.contains("serviceaccount") && message.contains("not found") {
        return (
            format!("service account not found: {}", quoted("serviceaccount").unwrap_or_default()),
            false,
        );
    }
    if message.contains("maximum") && message.contains("limit") {
        return ("limit range forbids it".to_owned(), false);
    }
    (format!("pods cannot be created: {}", first_words(message)), false)
}

/// What an exit code means, if it is one of the known ones.
pub(super) fn exit_words(code: i32) -> &'static str {
    match code {
        1 => "application error",
        2 => "wrong usage",
        126 => "command cannot run",
        127 => "command not found",
        134 => "aborted",
        137 => "killed",
        139 => "segmentation fault",
        143 => "terminated",
        _ => "",
    }
}

/// `exit 139 (segmentation fault)`.
pub(super) fn exit(code: i32) -> String {
    match exit_words(code) {
        "" => format!("exit {code}"),
        words => format!("exit {code} ({words})"),
    }
}

/// The beginning of a message, for a cause.
pub(super) fn first_words(message: &str) -> String {
    beginning(message, 120)
}

/// A message as evidence: whole, unless somebody's program wrote a novel.
pub(super) fn evidence(message: &str) -> String {
    beginning(message, 1_000)
}

fn beginning(message: &str, most: usize) -> String {
    let line = message.split(['⏎', '\n']).next().unwrap_or("");
    if line.chars().count() <= most {
        line.to_owned()
    } else {
        line.chars().take(most - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scheduler_messages() {
        for (message, cause) in [
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
                "Insufficient cpu",
            ),
            (
                "0/2 nodes are available: 2 Insufficient memory, 1 Insufficient cpu.",
                "Insufficient memory, cpu",
            ),
            ("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", "Insufficient nvidia.com/gpu"),
            (
                "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: db}.",
                "untolerated taint dedicated: db",
            ),
            ("0/1 nodes are available: 1 node(s) had untolerated taint {a/b: }.", "untolerated taint a/b"),
            (
                "0/4 nodes are available: 3 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable.",
                "no node matches the affinity or selector",
            ),
            (
                "0/1 nodes are available: 1 node(s) had volume node affinity conflict.",
                "its volume is in another zone",
            ),
            (
                "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: x",
                "its volume claim is not bound",
            ),
            ("0/1 nodes are available: 1 Too many pods.", "nodes are full: too many pods"),
            ("persistentvolumeclaim \"data\" not found", "its volume claim is missing"),
            ("no nodes available to schedule pods", "no nodes available to schedule pods"),
            ("", "no node takes it"),
        ] {
            assert_eq!(unschedulable(message), cause, "{message}");
        }
    }

    #[test]
    fn pull_messages() {
        let image = SafeText::new("registry.local:5000/api:v9");
        for (reason, message, cause) in [
            (
                "ErrImagePull",
                "failed to resolve reference: not found",
                "image not found: registry.local:5000/api:v9",
            ),
            ("ErrImagePull", "401 Unauthorized", "image pull unauthorized: registry.local:5000/api:v9"),
            (
                "ErrImagePull",
                "429 Too Many Requests - toomanyrequests: x",
                "registry rate limit: registry.local:5000",
            ),
            (
                "ErrImagePull",
                "x509: certificate signed by unknown authority",
                "registry certificate not trusted: registry.local:5000",
            ),
            (
                "ErrImagePull",
                "dial tcp: lookup r: no such host",
                "registry name does not resolve: registry.local:5000",
            ),
            (
                "ErrImagePull",
                "dial tcp 1.2.3.4:443: i/o timeout",
                "registry unreachable: registry.local:5000",
            ),
            (
                "ImagePullBackOff",
                "Back-off pulling image",
                "image cannot be pulled: registry.local:5000/api:v9",
            ),
            ("InvalidImageName", "", "image name is invalid: registry.local:5000/api:v9"),
        ] {
            assert_eq!(image_pull(&image, reason, message), cause, "{message}");
        }
        for (image, registry) in
            [("nginx", "docker.io"), ("library/nginx", "docker.io"), ("ghcr.io/a/b", "ghcr.io")]
        {
            assert_eq!(registry_of(image), registry);
        }
    }

    #[test]
    fn controller_messages() {
        for (message, cause) in [
            (
                "pods \"web-1\" is forbidden: exceeded quota: team, requested: cpu=1, used: cpu=9, limited: cpu=9",
                "quota exceeded: team",
            ),
            (
                "Internal error occurred: failed calling webhook \"mutate.x.io\": timeout",
                "webhook fails: mutate.x.io",
            ),
            ("admission webhook \"policy.x.io\" denied the request: no", "webhook refuses: policy.x.io"),
            (
                "pods is forbidden: violates PodSecurity \"restricted:latest\": x",
                "pod security forbids it: restricted:latest",
            ),
            (
                "error looking up service account a/b: serviceaccount \"b\" not found",
                "service account not found: b",
            ),
            ("odd", "pods cannot be created: odd"),
        ] {
            assert_eq!(create_failed(message).0, cause, "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_words_are_read(text in ".{0,80}") {
            let _ = (unschedulable(&text), create_failed(&text), first_words(&text), registry_of(&text));
            let _ = image_pull(&SafeText::new(&text), &text, &text);
        }
    }
}
