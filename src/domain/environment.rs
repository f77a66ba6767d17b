//! Which environment a name speaks of, and whether it is protected by default.

use serde::Serialize;

/// The environment of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// prod, production, prd, live.
    Prod,
    /// staging, stage, stg, uat, preprod, pre-prod, qa, nonprod.
    Staging,
    /// dev, development, test, sandbox, local, demo.
    Dev,
    /// The name does not say.
    #[default]
    Unknown,
}

impl Environment {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prod, Self::Staging, Self::Dev, Self::Unknown];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Staging => "staging",
            Self::Dev => "dev",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the environment from `names`: production when any of them says so, else what the first says that speaks of
    /// one. Of a name its parts count, split at what is not a letter or digit; `prod` counts unless `non`, `pre` or
    /// `not` stands before it.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().map(Self::of_name).fold(Self::Unknown, Self::or)
    }

    /// What two names say together: the most careful wins, else the first that speaks.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Prod, _) | (_, Self::Prod) => Self::Prod,
            (Self::Unknown, other) => other,
            (first, _) => first,
        }
    }

    fn of_name(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let mut before = "";
        let mut found = Self::Unknown;
        for part in lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|p| !p.is_empty()) {
            let this = match part {
                "prod" | "production" | "prd" | "live" => {
                    if matches!(before, "non" | "pre" | "not") {
                        Self::Staging
                    } else {
                        Self::Prod
                    }
                }
                "staging" | "stage" | "stg" | "uat" | "preprod" | "nonprod" | "qa" => Self::Staging,
                "dev" | "development" | "test" | "sandbox" | "local" | "demo" => Self::Dev,
                _ => Self::Unknown,
            };
            // The most careful reading of a name with several words wins.
            if this == Self::Prod || found == Self::Unknown {
                found = this;
            }
            before = part;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names() {
        for (name, env) in [
            ("prod-a", Environment::Prod),
            ("payments_PRD_1", Environment::Prod),
            ("live.eu", Environment::Prod),
            ("non-prod", Environment::Staging),
            ("pre-prod-eu", Environment::Staging),
            ("not-live", Environment::Staging),
            ("product-catalog", Environment::Unknown),
            ("delivery", Environment::Unknown),
            ("dev-eu", Environment::Dev),
            ("dev-prod-mirror", Environment::Prod),
            ("", Environment::Unknown),
        ] {
            assert_eq!(Environment::of([name]), env, "{name}");
        }
        assert_eq!(Environment::of(["berlin", "staging-x"]), Environment::Staging);
        assert_eq!(Environment::of(["test", "prod-eu"]), Environment::Prod, "the most careful name wins");
        assert_eq!(Environment::of(["test", "staging"]), Environment::Dev);
    }
}
