//! Port-forward: two channels a port, data and error, each opened by the server with the port's number.
//! Behind every port stands a small HTTP server that says where it is. Called by the session's beginning.

use std::collections::BTreeMap;

use hyper::upgrade::Upgraded;

use super::Visit;
use super::socket::Socket;

/// Answers requests until the visitor leaves.
pub(super) async fn run(stream: Upgraded, visit: Visit, ports: Vec<u16>) {
    let mut socket = Socket::new(stream).await;
    let mut pending: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    for (index, port) in ports.iter().enumerate() {
        let Ok(data) = u8::try_from(index * 2) else { break };
        for channel in [data, data.saturating_add(1)] {
            socket.send(channel, &port.to_le_bytes()).await;
        }
    }
    while let Some((channel, bytes)) = socket.next().await {
        let Some(port) = ports.get(usize::from(channel / 2)).filter(|_| channel % 2 == 0) else { continue };
        let asked = pending.entry(channel).or_default();
        asked.extend_from_slice(&bytes);
        while let Some((request, length)) = whole_request(asked) {
            asked.drain(..length);
            if !socket.send(channel, &answer(&visit, *port, &request)).await {
                return;
            }
        }
    }
}

/// The first line of a request that has come whole, and how long the request is.
pub(super) fn whole_request(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, n)| n.trim().parse::<usize>().ok())
        .unwrap_or(0);
    let first = head.lines().next().unwrap_or("").to_string();
    (bytes.len() >= end + length).then_some((first, end + length))
}

/// What the pod says.
pub(super) fn answer(visit: &Visit, port: u16, request: &str) -> Vec<u8> {
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let key = &visit.pod.key;
    let body = format!("pod {}/{} port {port}\n{method} {path}\n", key.ns, key.name);
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}
