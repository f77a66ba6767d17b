//! The rules of all clouds together: what a test is written with, and what must hold between clouds.

use super::LocalFiles;
use crate::domain::context::{ContextFacts, Located, classify};
use crate::domain::place::Place;
use crate::domain::text::SafeText;

pub(super) const EKS: &str = "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com";
pub(super) const ARN: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/payments-prod";
pub(super) const ACK_ID: &str = "c0123456789abcdef0123456789abcdef";
pub(super) const PRIVATE: &str = "https://10.0.0.1:6443";
pub(super) const PUBLIC: &str = "https://203.0.113.9";
pub(super) const OWN: &str = "https://k8s.example.com";

/// A context as a test writes it.
#[derive(Clone, Default)]
pub(super) struct Given {
    pub(super) context: &'static str,
    pub(super) entry: &'static str,
    pub(super) user: &'static str,
    pub(super) server: &'static str,
    pub(super) tls: Option<&'static str>,
    pub(super) exec: &'static str,
    pub(super) words: Vec<String>,
    pub(super) auth_provider: Option<&'static str>,
    pub(super) rancher_token: bool,
    pub(super) files: LocalFiles,
    pub(super) env: Vec<(String, String)>,
    pub(super) extensions: serde_json::Value,
}

impl Given {
    pub(super) fn at(server: &'static str) -> Self {
        Self { server, ..Self::default() }
    }

    pub(super) fn entry(mut self, entry: &'static str) -> Self {
        self.entry = entry;
        self
    }

    pub(super) fn context(mut self, context: &'static str) -> Self {
        self.context = context;
        self
    }

    pub(super) fn user(mut self, user: &'static str) -> Self {
        self.user = user;
        self
    }

    pub(super) fn exec(mut self, line: &'static str) -> Self {
        self.exec = line;
        self
    }

    pub(super) fn words(mut self, words: &[&str]) -> Self {
        self.words = words.iter().map(|w| (*w).to_owned()).collect();
        self
    }

    pub(super) fn located(&self) -> Located {
        let words = self.exec.split_whitespace().map(str::to_owned).chain(self.words.clone());
        let mut words = words.collect::<Vec<_>>().into_iter();
        let command = words.next();
        let args: Vec<String> = words.collect();
        let facts = ContextFacts {
            context: if self.context.is_empty() { "ctx" } else { self.context },
            cluster_entry: self.entry,
            user_entry: self.user,
            server: self.server,
            tls_server_name: self.tls,
            exec_command: command.as_deref(),
            exec_args: &args,
            exec_env: &self.env,
            auth_provider: self.auth_provider,
            rancher_token: self.rancher_token,
            cluster_extensions: &self.extensions,
        };
        classify(&facts, &self.files)
    }

    pub(super) fn place(&self) -> Place {
        self.located().place
    }

    /// `provider service account region cluster certainty`, with `-` for what is not known.
    pub(super) fn says(&self) -> String {
        let p = self.place();
        let word = |t: &SafeText| if t.is_empty() { "-".to_owned() } else { t.to_string() };
        format!(
            "{} {} {} {} {} {:?}",
            p.provider.word(),
            word(&p.service),
            word(&p.account),
            word(&p.region),
            word(&p.cluster),
            p.certainty
        )
    }
}

#[track_caller]
pub(super) fn table(rows: &[(Given, &str)]) {
    for (given, expected) in rows {
        assert_eq!(
            given.says(),
            *expected,
            "context {:?} entry {:?} user {:?} server {:?} exec {:?}",
            given.context,
            given.entry,
            given.user,
            given.server,
            given.exec
        );
    }
}

#[test]
fn the_host_beats_every_name() {
    table(&[
        (
            Given::at(EKS).entry("gke_acme-prod_europe-west1_shop"),
            "aws eks - eu-west-1 gke_acme-prod_europe-west1_shop Certain",
        ),
        (
            Given::at("https://x.hcp.westeurope.azmk8s.io").entry(ARN),
            "azure aks - westeurope arn:aws:eks:eu-west-1:111122223333:cluster/payments-prod Certain",
        ),
        (Given::at(EKS).entry("x").exec("gke-gcloud-auth-plugin"), "aws eks - eu-west-1 x Certain"),
        (
            Given::at(PUBLIC)
                .entry("gke_acme-prod_europe-west1_shop")
                .exec("aws eks get-token --cluster-name a"),
            "aws eks - - a Certain",
        ),
    ]);
}

#[test]
fn the_unknown_stays_unknown() {
    table(&[
        (Given::at(OWN).entry("default").context("berlin"), "unknown - - - berlin Unknown"),
        (Given::at(PRIVATE).entry("prod").context("prod@10.0.0.1"), "unknown - - - prod@10.0.0.1 Unknown"),
        (Given::at("").context("broken"), "unknown - - - broken Unknown"),
        (Given::at("::not a url::").context("broken"), "unknown - - - broken Unknown"),
    ]);
    assert_eq!(Given::at(OWN).context("a\u{1b}[31mred").place().cluster, "ared");
}

#[test]
fn every_label_has_one_reader() {
    let mut keys: Vec<_> = super::labels().collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
}
