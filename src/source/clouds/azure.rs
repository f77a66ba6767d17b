//! Azure: subscriptions of `azureProfile.json`, which the `az` command line writes at sign-in.

use serde_json::Value;

use super::{CloudProfile, Home};

/// The subscriptions. The file begins with a byte order mark.
pub fn found(home: &Home) -> Vec<CloudProfile> {
    let file = home.azure.clone().unwrap_or_else(|| home.home.join(".azure")).join("azureProfile.json");
    let Some(json) = std::fs::read_to_string(&file)
        .ok()
        .and_then(|t| serde_json::from_str::<Value>(t.trim_start_matches('\u{feff}')).ok())
    else {
        return Vec::new();
    };
    let subscriptions = json.get("subscriptions").and_then(Value::as_array).cloned().unwrap_or_default();
    subscriptions
        .iter()
        .map(|s| {
            let text = |path: &str| s.pointer(path).and_then(Value::as_str).map(str::to_owned);
            CloudProfile {
                provider: "azure",
                name: text("/name").unwrap_or_default(),
                account: text("/id"),
                region: None,
                method: match (text("/user/type"), text("/user/name")) {
                    (Some(kind), Some(name)) => format!("{kind} {name}"),
                    _ => "none".to_owned(),
                },
                default: s.get("isDefault").and_then(Value::as_bool).unwrap_or(false),
                file: file.clone(),
                identity: None,
            }
        })
        .collect()
}
