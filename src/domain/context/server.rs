//! The address of an API server, taken apart: scheme, host, port, path. A parser of its own, because one that
//! is lenient about what a host is would let a hostile file look like a cloud's. Called by
//! [`super::classify`] and by whoever folds contexts that lead to one cluster.

/// The parts of a kubeconfig's `server`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Server {
    /// `https`, or else `http`.
    pub secure: bool,
    /// In lower case, without brackets, user, port and final dot.
    pub host: String,
    /// As written, or else the scheme's.
    pub port: u16,
    /// With its leading and without its trailing slash; empty when there is none.
    pub path: String,
}

impl Server {
    /// Takes a server apart as client-go does: without a scheme it is `http`. `None` for what is no address;
    /// a user, a backslash, a blank or a control character makes it none, for readers disagree on what the
    /// host is then.
    pub fn parse(server: &str) -> Option<Self> {
        if server.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '@')) {
            return None;
        }
        let (scheme, rest) = server.split_once("://").unwrap_or(("http", server));
        let secure = scheme.eq_ignore_ascii_case("https");
        if !secure && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        let (host, port) = split_port(authority)?;
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if host.is_empty() {
            return None;
        }
        let port = match port {
            Some(port) => port.parse().ok()?,
            None if secure => 443,
            None => 80,
        };
        Some(Self { secure, host, port, path: path.trim_end_matches('/').to_owned() })
    }

    /// The same for all spellings of one address: contexts with equal keys lead to one cluster.
    pub fn key(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        format!("{scheme}://{open}{}{close}:{}{}", self.host, self.port, self.path)
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether the host is this machine or an address no cloud gives out: what local clusters have.
    pub fn is_private(&self) -> bool {
        is_private(&self.host)
    }
}

/// The host of a server or of a bare `tls-server-name`, in lower case.
pub fn host_of(server: &str) -> Option<String> {
    Server::parse(server).map(|s| s.host)
}

/// The host without brackets, and the port as written.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let is_address =
            host.contains(':') && host.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
        if !is_address {
            return None;
        }
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    plain.then_some((host, port))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "::1"
        || matches!(octets(host), Some([127, ..] | [0, 0, 0, 0]))
}

fn is_private(host: &str) -> bool {
    if is_loopback(host)
        || matches!(host, "kubernetes.docker.internal" | "host.docker.internal" | "host.k3d.internal")
    {
        return true;
    }
    if host.contains(':') {
        return ["fc", "fd", "fe80:"].iter().any(|p| host.starts_with(p));
    }
    matches!(octets(host), Some([10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [169, 254, ..]))
}

/// The four numbers of an IPv4 address.
fn octets(host: &str) -> Option<[u8; 4]> {
    let mut out = [0; 4];
    let mut parts = host.split('.');
    for octet in &mut out {
        *octet = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn taken_apart() {
        for (server, key) in [
            ("https://A.Example.com", "https://a.example.com:443"),
            ("https://a.example.com:6443/", "https://a.example.com:6443"),
            ("https://a.example.com./k8s/clusters/c-1/", "https://a.example.com:443/k8s/clusters/c-1"),
            ("http://a.example.com?x=/y", "http://a.example.com:80"),
            ("HTTPS://[fd00::1]:6443", "https://[fd00::1]:6443"),
            ("https://[::1]", "https://[::1]:443"),
            ("localhost:8080", "http://localhost:8080"),
            ("a.example.com", "http://a.example.com:80"),
        ] {
            assert_eq!(Server::parse(server).map(|s| s.key()).as_deref(), Some(key), "{server}");
        }
    }

    #[test]
    fn what_readers_disagree_on_is_no_address() {
        for bad in [
            "",
            "https://",
            "ftp://a.example.com",
            "https://a.example.com@b.example.com",
            "https://a.example.com\\@b.example.com",
            "https://a example.com",
            "https://a.example.com\n",
            "https://a.example.com:port",
            "https://a.example.com:99999",
            "https://a%2eexample.com",
            "https://[::1",
            "https://[::1]x",
            "https://[localhost]",
            "https://ünï.example.com",
        ] {
            assert_eq!(Server::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_no_cloud_gives_out() {
        for host in [
            "127.0.0.1",
            "0.0.0.0",
            "localhost",
            "[::1]",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.49.2",
            "[fd00::1]",
        ] {
            assert!(Server::parse(&format!("https://{host}:6443")).unwrap().is_private(), "{host}");
        }
        for host in [
            "8.8.8.8",
            "172.32.0.1",
            "192.169.0.1",
            "10.1.2",
            "10.1.2.3.example.com",
            "[2001:db8::1]",
            "fd00.example.com",
        ] {
            assert!(!Server::parse(&format!("https://{host}:6443")).unwrap().is_private(), "{host}");
        }
        assert!(!Server::parse("https://10.1.2.3").unwrap().is_loopback());
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = Server::parse(&text);
            let _ = Server::parse(&format!("https://{text}"));
        }
    }
}
