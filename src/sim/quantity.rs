//! Kubernetes quantities to and from integers: CPU in milli, memory in bytes.
//! Never knows what a quantity is for. Called by facts, quota, defaults, usage.

use serde_json::Value;

use super::json;
use crate::domain::quantity::binary;

/// A quantity in thousandths ("250m" = 250, "2" = 2000, "1Ki" = 1024000). `None` when it is no quantity.
pub(crate) fn milli(text: &str) -> Option<i128> {
    let text = text.trim();
    let split =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, suffix) = (text.get(..split)?, text.get(split..)?);
    let scale: i128 = match suffix {
        "m" => 1,
        "" => 1_000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "P" => 1_000_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        "Pi" => 1_000 << 50,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut value = whole.checked_mul(scale)?;
    if !fraction.is_empty() {
        let digits = fraction.get(..fraction.len().min(9)).unwrap_or(fraction);
        let power = 10i128.checked_pow(u32::try_from(digits.len()).ok()?)?;
        value += digits.parse::<i128>().ok()? * scale / power;
    }
    Some(value)
}

/// CPU in milli-cores; rounds nothing.
pub(crate) fn cpu_milli(value: &Value) -> i64 {
    any_milli(value).and_then(|m| i64::try_from(m).ok()).unwrap_or(0)
}

/// Memory (or any count) in whole units.
pub(crate) fn units(value: &Value) -> i64 {
    any_milli(value).and_then(|m| i64::try_from((m + 999) / 1000).ok()).unwrap_or(0)
}

/// A JSON string or number as thousandths.
pub(crate) fn any_milli(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => milli(text),
        Value::Number(n) => milli(&n.to_string()),
        _ => None,
    }
}

/// Milli-cores in canonical form.
pub(crate) fn cpu_text(milli: i64) -> String {
    if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") }
}

/// Bytes in canonical binary form.
pub(crate) fn bytes_text(bytes: i64) -> String {
    u64::try_from(bytes).map_or_else(|_| bytes.to_string(), binary)
}

/// Cpu (milli) and memory (bytes) that a pod asks for: containers, native sidecars, the largest init step, overhead.
pub(crate) fn pod_requests(spec: &Value) -> (i64, i64) {
    let of = |container: &Value| {
        let pick = |name: &str| {
            let requests = json::at(container, "resources.requests").get(name);
            requests
                .or_else(|| json::at(container, "resources.limits").get(name))
                .cloned()
                .unwrap_or(Value::Null)
        };
        (cpu_milli(&pick("cpu")), units(&pick("memory")))
    };
    let add = |a: (i64, i64), b: (i64, i64)| (a.0 + b.0, a.1 + b.1);
    let mut sum = json::list(spec, "containers").iter().map(of).fold((0, 0), add);
    let (mut sidecars, mut largest) = ((0, 0), (0, 0));
    for init in json::list(spec, "initContainers") {
        let ask = of(init);
        if json::text(init, "restartPolicy") == "Always" {
            sidecars = add(sidecars, ask);
        }
        let step = if json::text(init, "restartPolicy") == "Always" { sidecars } else { add(ask, sidecars) };
        largest = (largest.0.max(step.0), largest.1.max(step.1));
    }
    sum = add(sum, sidecars);
    let overhead = json::at(spec, "overhead");
    let most = (sum.0.max(largest.0), sum.1.max(largest.1));
    add(most, (cpu_milli(json::at(overhead, "cpu")), units(json::at(overhead, "memory"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quantities() {
        assert_eq!(milli("250m"), Some(250));
        assert_eq!(milli("1.5"), Some(1500));
        assert_eq!(milli("1Gi"), Some(1_073_741_824_000));
        assert_eq!(milli("x"), None);
        assert_eq!(bytes_text(512 << 20), "512Mi");
        assert_eq!(cpu_text(2500), "2500m");
    }
}
