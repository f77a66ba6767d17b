//! What plugins print, read; hostile values; and that nothing printed is ever shown.

use proptest::prelude::*;

use super::command::{PATTERNS, redacted};
use super::*;

struct Known {
    command: &'static str,
    args: Vec<String>,
    env: Vec<(String, String)>,
    over_ssh: bool,
}

impl Known {
    fn facts(&self) -> PluginFacts<'_> {
        let (args, env, over_ssh) = (&self.args, &self.env, self.over_ssh);
        PluginFacts { command: self.command, args, env, context: "ctx", over_ssh }
    }
}

/// `aws eks get-token --profile dev`.
fn plugin(line: &'static str) -> Known {
    let mut words = line.split(' ');
    Known {
        command: words.next().unwrap(),
        args: words.map(str::to_owned).collect(),
        env: Vec::new(),
        over_ssh: false,
    }
}

const AWS: &str = "aws eks get-token --cluster-name c --profile dev";
const GKE: &str = "gke-gcloud-auth-plugin";
const AZURE: &str = "kubelogin get-token --server-id s --tenant-id t1";
const OIDC: &str = "kubectl oidc-login get-token --oidc-issuer-url=https://x";

#[test]
fn what_plugins_print() {
    use SignInState::{Denied, Expired, Failed, NeedsSignIn, PluginMissing};
    for (line, printed, state, next) in [
        (AWS, "Error loading SSO Token: Token for x does not exist", Expired, "aws sso login --profile dev"),
        (
            AWS,
            "The SSO session associated with this profile has expired or is otherwise invalid.",
            Expired,
            "aws sso login --profile dev",
        ),
        ("aws eks get-token", "SSOTokenLoadError", Expired, "aws sso login"),
        (
            "aws eks get-token --sso-session=corp",
            "Token has expired and refresh failed",
            Expired,
            "aws sso login --sso-session corp",
        ),
        (
            AWS,
            "Unable to locate credentials. You can configure",
            NeedsSignIn,
            "aws configure sso --profile dev",
        ),
        (
            "aws-iam-authenticator token -i c",
            "NoCredentialProviders: no valid",
            NeedsSignIn,
            "aws configure sso",
        ),
        (AWS, "The config profile (dev) could not be found", Failed, "aws configure sso --profile dev"),
        (AWS, "An error occurred (ExpiredToken) when calling", Expired, "aws sso login --profile dev"),
        (AWS, "(ExpiredTokenException)", Expired, "aws sso login --profile dev"),
        (AWS, "(InvalidClientTokenId)", Failed, "aws sts get-caller-identity --profile dev"),
        (AWS, "(SignatureDoesNotMatch)", Failed, "aws sts get-caller-identity --profile dev"),
        (
            "aws eks get-token --role-arn arn:aws:iam::1:role/ops",
            "(AccessDenied) when calling the AssumeRole operation: User x is not authorized to perform: sts:AssumeRole",
            Denied,
            "aws sts get-caller-identity",
        ),
        (AWS, "Enter MFA code for arn:aws:iam::1:mfa/me: ", NeedsSignIn, AWS),
        (AWS, "Assume Role MFA token code: ", NeedsSignIn, AWS),
        ("kubectl-wrap x", "gke-gcloud-auth-plugin not found", PluginMissing, "kubectl-wrap x"),
        (
            "kubectl-wrap x",
            "exec: \"aws\": executable file not found in $PATH",
            PluginMissing,
            "kubectl-wrap x",
        ),
        (GKE, "Reauthentication failed. cannot prompt", Expired, "gcloud auth login"),
        (GKE, "oauth2: \"invalid_grant\" \"reauth\"", Expired, "gcloud auth login"),
        (
            "gke-gcloud-auth-plugin --use_application_default_credentials",
            "invalid_grant",
            Expired,
            "gcloud auth application-default login",
        ),
        (
            GKE,
            "Try `gcloud auth application-default login`",
            Expired,
            "gcloud auth application-default login",
        ),
        (GKE, "Please run: $ gcloud auth login", Expired, "gcloud auth login"),
        (AZURE, "AADSTS70043: The refresh token has expired", Expired, "az login --tenant t1"),
        (AZURE, "AADSTS700082", Expired, "az login --tenant t1"),
        (AZURE, "AADSTS50078", Expired, "az login --tenant t1"),
        ("kubelogin get-token", "ERROR: Please run 'az login' to setup account.", Expired, "az login"),
        (AZURE, "interaction_required", Expired, "az login --tenant t1"),
        (AZURE, "invalid_grant", Expired, "az login --tenant t1"),
        (OIDC, "oauth2: invalid_grant", Expired, OIDC),
        (
            AZURE,
            "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ABC",
            NeedsSignIn,
            AZURE,
        ),
        (
            "tsh kube credentials --proxy=t.example.com:443 --kube-cluster=k",
            "ERROR: access denied to k8s, please run tsh login",
            Expired,
            "tsh login --proxy=t.example.com:443",
        ),
        ("tsh kube credentials", "tsh: your credentials have expired", Expired, "tsh login"),
        ("sh -c nope", "sh: nope: not found", PluginMissing, "sh -c nope"),
    ] {
        let known = plugin(line);
        let exit = if line.starts_with("sh ") { 127 } else { 255 };
        for printed in [printed.to_owned(), printed.to_uppercase(), format!("\u{1b}[31m{printed}\u{1b}[0m")] {
            let said = read(&printed, Some(exit), &known.facts());
            assert_eq!((said.state, said.next.display.as_str()), (state, next), "{line}: {printed}");
            assert_eq!(said.next.argv.join(" "), next);
            assert_eq!(said.next.is_plugin, next == line);
        }
    }
}

#[test]
fn over_ssh_there_is_no_browser() {
    for (line, printed, next) in [
        (AWS, "SSOTokenLoadError", "aws sso login --profile dev --use-device-code --no-browser"),
        (GKE, "invalid_grant", "gcloud auth login --no-launch-browser"),
        (AZURE, "AADSTS50078", "az login --tenant t1 --use-device-code"),
    ] {
        let known = Known { over_ssh: true, ..plugin(line) };
        assert_eq!(read(printed, Some(1), &known.facts()).next.display, next);
    }
}

#[test]
fn as_whom_is_read_from_the_environment_too() {
    let mut known = plugin("aws eks get-token");
    known.env = vec![("AWS_PROFILE".to_owned(), "from-env".to_owned())];
    let said = read("SSOTokenLoadError", Some(255), &known.facts());
    assert_eq!(said.next.display, "aws sso login --profile from-env");
    assert_eq!(
        said.to_string(),
        "the AWS sign-in of profile from-env has run out; run: aws sso login --profile from-env"
    );
    known.args.push("--profile=from-args".to_owned());
    assert_eq!(
        read("SSOTokenLoadError", None, &known.facts()).next.display,
        "aws sso login --profile from-args"
    );
}

#[test]
fn an_unknown_failure_names_the_command_without_its_secrets() {
    let mut known = plugin("/opt/x/get-creds --user me --client-secret SECRET1 --api-token=SECRET2");
    known.args.extend(["-c", "TOKEN=SECRET3 run --password SECRET4 https://u:SECRET5@h/"].map(str::to_owned));
    let said = read("SECRET6 \u{1b}]52;c;AA\u{7}", Some(3), &known.facts());
    assert_eq!(
        said.cause,
        "the plugin get-creds ended with exit code 3; run it by hand to see why: \
         /opt/x/get-creds --user me --client-secret ••• '--api-token=•••' -c \
         'TOKEN=••• run --password ••• https://•••@h/'"
    );
    assert_eq!(said.to_string(), said.cause.as_str());
    assert!(!format!("{said:?}").contains("SECRET"));
    assert!(said.next.is_plugin && said.next.argv.contains(&"SECRET1".to_owned()));
    assert!(read("", None, &known.facts()).cause.contains("was ended by a signal"));
}

#[test]
fn a_profile_never_becomes_an_option_nor_breaks_the_line() {
    for (name, argv, display) in [
        ("-rf", vec!["--profile=-rf"], "aws sso login --profile=-rf"),
        ("a b", vec!["--profile", "a b"], "aws sso login --profile 'a b'"),
        ("a'; rm x", vec!["--profile", "a'; rm x"], r"aws sso login --profile 'a'\''; rm x'"),
        ("a\nb\u{1b}[2J", vec!["--profile", "a\nb\u{1b}[2J"], r"aws sso login --profile $'a\nb\x1b[2J'"),
        (
            "x\u{202e}y\u{9b}",
            vec!["--profile", "x\u{202e}y\u{9b}"],
            r"aws sso login --profile $'x\u202ey\u009b'",
        ),
        ("$(id)", vec!["--profile", "$(id)"], "aws sso login --profile '$(id)'"),
    ] {
        let mut known = plugin("aws eks get-token --profile");
        known.args.push(name.to_owned());
        let said = read("SSOTokenLoadError", Some(255), &known.facts());
        assert_eq!(said.next.argv[3..], argv);
        assert_eq!(said.next.display, display);
        assert!(!said.to_string().chars().any(char::is_control));
    }
}

#[test]
fn what_a_server_does_not_take() {
    let aws = plugin(AWS);
    let said = refused(401, &aws.facts()).unwrap();
    assert_eq!(
        (said.state, said.next.display.as_str()),
        (SignInState::Denied, "aws sts get-caller-identity --profile dev")
    );
    assert!(said.cause.contains("no access entry"));
    let other = plugin("x");
    assert_eq!(refused(403, &other.facts()).unwrap().next.display, "kubectl auth whoami --context ctx");
    assert_eq!(refused(500, &other.facts()), None);
}

#[test]
fn what_looks_like_a_secret_is_hidden() {
    for secret in [
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "k8s-aws-v1.aHR0cHM",
        "ya29.A0AR-x",
        "sha256~AbC-d",
        "kubeconfig-u-abc:s3cr3t",
        "-----BEGIN RSA PRIVATE KEY-----\nMII",
    ] {
        assert_eq!(redacted(&format!("x {secret}")), "x •••", "{secret}");
    }
    assert_eq!(redacted("AKIAABCDEFGHIJKLMNOP"), "AKIA•••");
    assert_eq!(redacted("Authorization: Bearer abc"), "Authorization: Bearer •••");
    assert_eq!(redacted("get-token --cluster-name c"), "get-token --cluster-name c");
    assert!(PATTERNS.iter().all(|(pattern, _)| regex::Regex::new(pattern).is_ok()));
}

#[cfg(unix)]
#[test]
fn a_shell_reads_back_what_is_quoted() {
    for word in
        ["", "plain", "a b", "it's", "=x", "~", "$x`y`", "\\", "tab\tand\nline\\'", "\u{1}\u{7f}", "é日"]
    {
        let script = format!("printf %s {}", quote(word));
        let out = std::process::Command::new("bash").args(["-c", &script]).output();
        let Ok(out) = out else { return };
        assert_eq!(String::from_utf8(out.stdout).unwrap(), word, "{script}");
    }
}

proptest! {
    #[test]
    fn nothing_printed_is_shown_and_nothing_panics(
        printed in "(\\PC|\u{1b}|\n|expired|aws|tsh:|sts:assumerole|access denied|PLANTED){0,40}",
        exit in proptest::option::of(any::<i32>()),
        command in "\\PC{0,12}|aws|tsh|kubelogin",
        args in proptest::collection::vec("--profile|--profile=|--password|-|=|\\PC{0,8}|[\\x00-\\x9f]{0,6}", 0..6),
        over_ssh in any::<bool>(),
    ) {
        let facts = PluginFacts { command: &command, args: &args, env: &[], context: "-c", over_ssh };
        for said in [Some(read(&printed, exit, &facts)), refused(401, &facts), Some(interactive(&facts))].into_iter().flatten() {
            let all = format!("{said} {said:?}");
            prop_assert!(!all.contains("PLANTED"));
            prop_assert!(!said.to_string().chars().any(|c| c.is_control() || crate::domain::text::is_invisible(c)));
            prop_assert!(!said.next.argv.is_empty());
        }
    }

    #[test]
    fn what_is_quoted_needs_no_cleaning(word in any::<String>()) {
        let quoted = quote(&word);
        let clean = SafeText::new(&quoted);
        prop_assert_eq!(clean.as_str(), quoted.as_ref());
    }
}
