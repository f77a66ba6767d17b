//! Google Cloud: configurations of gcloud and the application default credentials.

use super::{CloudProfile, Home, ini, key};

/// gcloud's configurations, and the application default credentials.
pub fn found(home: &Home) -> Vec<CloudProfile> {
    let base = home.gcloud.clone().unwrap_or_else(|| home.home.join(".config/gcloud"));
    let active = std::fs::read_to_string(base.join("active_config")).unwrap_or_default();
    let mut out = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(base.join("configurations"))
        .map(|dir| dir.filter_map(|e| Some(e.ok()?.path())).collect())
        .unwrap_or_default();
    files.sort();
    for file in files {
        let Some(name) = file.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_prefix("config_"))
        else {
            continue;
        };
        let sections = std::fs::read_to_string(&file).map(|t| ini(&t)).unwrap_or_default();
        let of = |section: &str, name: &str| {
            sections
                .iter()
                .find(|(s, _)| s == section)
                .and_then(|(_, keys)| key(keys, name))
                .map(str::to_owned)
        };
        let account = of("core", "account");
        out.push(CloudProfile {
            provider: "gcp",
            name: name.to_owned(),
            account: of("core", "project"),
            region: of("compute", "region"),
            method: account.map_or_else(|| "none".to_owned(), |who| format!("user {who}")),
            default: active.trim() == name,
            file: file.clone(),
            identity: None,
        });
    }
    let adc = base.join("application_default_credentials.json");
    if let Some(json) =
        std::fs::read_to_string(&adc).ok().and_then(|t| serde_json::from_str::<serde_json::Value>(&t).ok())
    {
        let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        out.push(CloudProfile {
            provider: "gcp",
            name: "application default".to_owned(),
            account: text("quota_project_id").or_else(|| text("project_id")),
            region: None,
            method: text("type").unwrap_or_default().replace('_', " "),
            default: false,
            file: adc,
            identity: None,
        });
    }
    out
}
