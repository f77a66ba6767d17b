//! Through which proxy a server is reached, by the rules of Go's `golang.org/x/net/http/httpproxy`, which kubectl follows:
//! the kubeconfig's own `proxy-url` first, and then nothing else counts; else `HTTPS_PROXY` or `HTTP_PROXY` unless `NO_PROXY`
//! names the server. This machine is never reached through a proxy.
//!
//! Never: a connection. Called by [`super::connect`] and by `doctor`.

use std::net::IpAddr;

use crate::domain::context::Server;

/// What the environment says of proxies.
#[derive(Clone, Default)]
pub struct ProxyEnv {
    /// For https.
    https: Option<String>,
    /// For http.
    http: Option<String>,
    /// Not for these.
    none: String,
}

impl ProxyEnv {
    /// Reads the variables: upper case before lower, empty as unset.
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let first = |upper: &str| {
            let set = |name: &str| get(name).filter(|v| !v.is_empty());
            set(upper).or_else(|| set(&upper.to_ascii_lowercase()))
        };
        // A web server hands a visitor's `Proxy:` header on as HTTP_PROXY.
        let http = first("HTTP_PROXY").filter(|_| get("REQUEST_METHOD").is_none());
        Self { https: first("HTTPS_PROXY"), http, none: first("NO_PROXY").unwrap_or_default() }
    }

    /// The proxy of a server, as an address with a scheme.
    pub fn of_server(&self, server: &Server) -> Option<String> {
        let proxy = if server.secure { &self.https } else { &self.http };
        let proxy = proxy.as_deref().filter(|_| self.uses_proxy(server))?;
        Some(if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") })
    }

    fn uses_proxy(&self, server: &Server) -> bool {
        let ip: Option<IpAddr> = server.host.parse().ok();
        if server.host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
            return false;
        }
        !self.none.split(',').any(|entry| matches(&entry.trim().to_ascii_lowercase(), server, ip))
    }
}

/// Whether an entry of `NO_PROXY` names the server.
fn matches(entry: &str, server: &Server, ip: Option<IpAddr>) -> bool {
    if entry.is_empty() {
        return false;
    }
    if entry == "*" {
        return true;
    }
    if let Some((net, bits)) = cidr(entry) {
        return ip.is_some_and(|ip| within(ip, net, bits));
    }
    let (host, port) = host_and_port(entry);
    if host.is_empty() || port.is_some_and(|p| p != server.port) {
        return false;
    }
    if let Ok(named) = host.parse::<IpAddr>() {
        return ip.is_some_and(|ip| ip.to_canonical() == named.to_canonical());
    }
    let host = host.strip_prefix('*').filter(|h| h.starts_with('.')).unwrap_or(host);
    match host.strip_prefix('.') {
        Some(domain) => below(&server.host, domain),
        None => server.host == host || below(&server.host, host),
    }
}

fn below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn cidr(entry: &str) -> Option<(IpAddr, u32)> {
    let (net, bits) = entry.split_once('/')?;
    let (net, bits): (IpAddr, u32) = (net.parse().ok()?, bits.parse().ok()?);
    (bits <= if net.is_ipv4() { 32 } else { 128 }).then_some((net, bits))
}

fn within(ip: IpAddr, net: IpAddr, bits: u32) -> bool {
    match (ip.to_canonical(), net) {
        (IpAddr::V4(ip), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            ip.to_bits() & mask == net.to_bits() & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(net)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            ip.to_bits() & mask == net.to_bits() & mask
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// `host:port`, `[v6]:port`, `host`, or a bare v6 address.
fn host_and_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[') {
        let (host, after) = rest.split_once(']').unwrap_or((rest, ""));
        return (host, after.strip_prefix(':').and_then(|p| p.parse().ok()));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            // A port nobody has.
            Err(_) => (host, Some(0)),
        },
        Some(_) | None => (entry, None),
    }
}

/// An address without user and password: what may be shown of a proxy. A password may hold a `/` that nobody escaped.
pub fn shown(proxy: &str) -> String {
    let (scheme, rest) = proxy.split_once("://").unwrap_or(("http", proxy));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    format!("{scheme}://{}", rest.split(['/', '?', '#']).next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> ProxyEnv {
        ProxyEnv::of(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    fn proxied(no_proxy: &str, server: &str) -> bool {
        let env = env(&[("HTTPS_PROXY", "http://p:3128"), ("NO_PROXY", no_proxy)]);
        env.of_server(&Server::parse(server).unwrap()).is_some()
    }

    #[test]
    fn which_variable() {
        let https = Server::parse("https://a.example.com").unwrap();
        let http = Server::parse("http://a.example.com").unwrap();
        let both = env(&[("HTTPS_PROXY", "s:1"), ("https_proxy", "x:1"), ("http_proxy", "socks5://t:2")]);
        assert_eq!(both.of_server(&https).as_deref(), Some("http://s:1"));
        assert_eq!(both.of_server(&http).as_deref(), Some("socks5://t:2"));
        assert_eq!(
            env(&[("HTTPS_PROXY", ""), ("https_proxy", "x:1")]).of_server(&https).as_deref(),
            Some("http://x:1")
        );
        assert_eq!(env(&[("ALL_PROXY", "x:1")]).of_server(&https), None, "Go does not know it");
        assert_eq!(env(&[("HTTP_PROXY", "x:1"), ("REQUEST_METHOD", "GET")]).of_server(&http), None);
    }

    /// The cases of golang.org/x/net/http/httpproxy's own documentation and test table, in our words.
    #[test]
    fn no_proxy_as_go_reads_it() {
        for (no_proxy, server, is) in [
            ("", "https://a.example.com", true),
            ("", "https://localhost:6443", false),
            ("", "https://127.0.0.1:6443", false),
            ("", "https://[::1]:6443", false),
            ("*", "https://a.example.com", false),
            ("example.com", "https://example.com", false),
            ("example.com", "https://a.example.com", false),
            ("example.com", "https://anexample.com", true),
            (".example.com", "https://example.com", true),
            (".example.com", "https://a.example.com", false),
            ("*.example.com", "https://a.b.example.com", false),
            ("*.example.com", "https://example.com", true),
            ("EXAMPLE.com", "https://A.example.COM", false),
            ("example.com:6443", "https://example.com:6443", false),
            ("example.com:6443", "https://example.com", true),
            ("example.com:443", "https://example.com", false),
            ("10.0.0.0/8", "https://10.1.2.3:6443", false),
            ("10.0.0.0/8", "https://11.1.2.3:6443", true),
            ("0.0.0.0/0", "https://11.1.2.3:6443", false),
            ("10.0.0.1", "https://10.0.0.1:6443", false),
            ("10.0.0.1:80", "https://10.0.0.1:6443", true),
            ("fd00::/8", "https://[fd00::1]:6443", false),
            ("[fd00::1]:6443", "https://[fd00::1]:6443", false),
            ("fd00::1", "https://[fd00::1]", false),
            // What makes kube 5.0.0 fail for every context.
            ("a, ,example.com", "https://example.com", false),
            ("a b", "https://example.com", true),
            (",", "https://example.com", true),
            (":443", "https://example.com", true),
            ("10.0.0.0/99", "https://10.0.0.1", true),
        ] {
            assert_eq!(proxied(no_proxy, server), is, "NO_PROXY={no_proxy:?} {server}");
        }
    }

    #[test]
    fn what_is_shown_of_a_proxy() {
        assert_eq!(shown("http://user:secret@p:3128/"), "http://p:3128");
        assert_eq!(shown("p:3128"), "http://p:3128");
        assert_eq!(shown("http://user:se/cr@et@p:3128/x?y"), "http://p:3128");
    }
}
