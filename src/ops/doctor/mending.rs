//! The commands that mend a context, for a person to run: quoted for a shell, made of names alone. Never: running one.
//! Called by the checks of contexts, expiry and clusters.

use crate::domain::cloud::azure::resource_group;
use crate::domain::place::Provider;
use crate::domain::sign_in::quote;
use crate::source::kubeconfig::{ContextEntry, Lacks};

/// A command line of these words.
pub(super) fn command<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// The command of the provider's own tool that fetches a context anew, where the names it wants are known.
pub(super) fn anew(context: &ContextEntry) -> Option<String> {
    let place = &context.located.place;
    let cluster = known(place.cluster.as_str())?;
    let region = known(place.region.as_str());
    let words: Vec<&str> = match (place.provider, place.service.as_str()) {
        (Provider::Aws, "eks") => {
            vec!["aws", "eks", "update-kubeconfig", "--name", cluster, "--region", region?]
        }
        (Provider::Gcp, "gke") => {
            let mut words =
                vec!["gcloud", "container", "clusters", "get-credentials", cluster, "--location", region?];
            words.extend(known(place.account.as_str()).map(|p| ["--project", p]).into_iter().flatten());
            words
        }
        (Provider::Azure, "aks") => {
            let group = resource_group(&context.user_entry, &context.cluster_entry).unwrap_or("GROUP");
            vec!["az", "aks", "get-credentials", "--name", cluster, "--resource-group", group]
        }
        (Provider::DigitalOcean, _) => vec!["doctl", "kubernetes", "cluster", "kubeconfig", "save", cluster],
        (Provider::Oci, _) => {
            let id = known(context.located.id.as_str())?;
            vec!["oci", "ce", "cluster", "create-kubeconfig", "--cluster-id", id, "--region", region?]
        }
        (Provider::Civo, _) => vec!["civo", "kubernetes", "config", cluster, "--save"],
        (Provider::Teleport, _) => vec!["tsh", "kube", "login", cluster],
        (Provider::Local, "kind") => vec!["kind", "export", "kubeconfig", "--name", cluster],
        (Provider::Local, "k3d") => vec!["k3d", "kubeconfig", "merge", cluster, "--kubeconfig-merge-default"],
        (Provider::Local, "minikube") => vec!["minikube", "update-context", "--profile", cluster],
        _ => return None,
    };
    Some(command(words))
}

/// A value that is known and would not be taken for an option.
fn known(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.starts_with('-')).then_some(text)
}

/// The command that takes a context out of its file. The name is quoted whatever it is; one that begins with `-` comes
/// where it cannot be an option.
pub(super) fn remove(context: &ContextEntry) -> String {
    let plain = quote(&context.name);
    let name = if plain == context.name { format!("'{plain}'") } else { plain.into_owned() };
    let file = context.file.as_ref().map(|file| format!(" --kubeconfig {}", quote(&file.to_string_lossy())));
    let file = file.unwrap_or_default();
    if context.name.starts_with('-') {
        format!("kubectl config delete-context{file} -- {name}")
    } else {
        format!("kubectl config delete-context {name}{file}")
    }
}

/// What to do with a context that cannot be used. Only one that leads nowhere is taken out.
pub(super) fn mend(context: &ContextEntry) -> String {
    if let Some(anew) = anew(context) {
        return anew;
    }
    let file = context.file.as_ref().map_or_else(String::new, |file| format!(" in {}", file.display()));
    match context.lacks {
        Lacks::Cluster => remove(context),
        Lacks::User => format!("name a user entry that is there: {}", choose_user(context)),
        Lacks::File => "put the file back, or fetch the kubeconfig anew from where it came".to_owned(),
        Lacks::Https => format!("write an https address into the cluster entry{file}"),
        Lacks::Mending | Lacks::Nothing => {
            format!("mend the entry{file}, or fetch the kubeconfig anew from where it came")
        }
    }
}

/// The command that gives a context another user entry.
fn choose_user(context: &ContextEntry) -> String {
    let file = context.file.as_ref().map(|file| file.to_string_lossy());
    let file = file.as_ref().map_or_else(String::new, |file| format!(" --kubeconfig {}", quote(file)));
    let name = quote(&context.name);
    if context.name.starts_with('-') {
        format!("kubectl config set-context --user USER{file} -- {name}")
    } else {
        format!("kubectl config set-context {name} --user USER{file}")
    }
}

/// What to do with a context whose credentials ended.
pub(super) fn renew(context: &ContextEntry) -> String {
    anew(context).unwrap_or_else(|| "fetch the kubeconfig anew from where it came".to_owned())
}
