//! Sessions with containers: exec over WebSocket with its streams and exit codes, port-forward, and who is refused.

use futures::{SinkExt, StreamExt};
use http::Request;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ground::{Ground, Outcome, cases, condition, has, holds, pod, same, text};

cases!("session": output_and_errors, exit_codes, input, no_such_command, both_protocols, refusals, a_port);

async fn running(g: &Ground) -> Outcome<Api<Pod>> {
    g.post(&g.core("pods"), &pod("p", "app:1")).await?.is(201)?;
    g.pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    Ok(Api::namespaced(g.client.clone(), &g.ns))
}

/// Standard output, standard error and the last word of a command.
async fn exec(
    pods: &Api<Pod>,
    command: &[&str],
    input: Option<&str>,
) -> Outcome<(String, String, serde_json::Value)> {
    let params = AttachParams::default().container("main").stdin(input.is_some());
    let mut session = pods.exec("p", command.iter().copied(), &params).await.map_err(|e| e.to_string())?;
    let status = session.take_status().ok_or("no status")?;
    let (mut out, mut err) = (String::new(), String::new());
    let (mut stdout, mut stderr) =
        (session.stdout().ok_or("no stdout")?, session.stderr().ok_or("no stderr")?);
    let typed = async {
        if let (Some(text), Some(mut stdin)) = (input, session.stdin()) {
            let _ = stdin.write_all(text.as_bytes()).await;
            let _ = stdin.shutdown().await;
        }
    };
    let ((), a, b) = tokio::join!(typed, stdout.read_to_string(&mut out), stderr.read_to_string(&mut err));
    a.and(b).map_err(|e| e.to_string())?;
    let status = status.await.ok_or("no last word")?;
    Ok((out, err, serde_json::to_value(status).map_err(|e| e.to_string())?))
}

async fn output_and_errors(g: &Ground) -> Outcome {
    let pods = running(g).await?;
    let (out, err, status) =
        exec(&pods, &["sh", "-c", "echo one; echo two >&2; echo $HOSTNAME"], None).await?;
    same("output", &out, "one\np\n")?;
    same("errors", &err, "two\n")?;
    same("status", text(&status, "/status"), "Success")?;
    let (out, ..) = exec(&pods, &["cat", "/etc/hostname"], None).await?;
    same("a file", &out, "p\n")
}

async fn exit_codes(g: &Ground) -> Outcome {
    let pods = running(g).await?;
    let (_, _, status) = exec(&pods, &["sh", "-c", "exit 3"], None).await?;
    same("status", text(&status, "/status"), "Failure")?;
    same("reason", text(&status, "/reason"), "NonZeroExitCode")?;
    same("code", text(&status, "/details/causes/0/message"), "3")?;
    same("cause", text(&status, "/details/causes/0/reason"), "ExitCode")?;
    has("message", text(&status, "/message"), "command terminated with exit code 3")
}

async fn input(g: &Ground) -> Outcome {
    let pods = running(g).await?;
    let (out, _, status) = exec(&pods, &["sh"], Some("echo in\nexit 4\necho never\n")).await?;
    same("output", &out, "in\n")?;
    same("code", text(&status, "/details/causes/0/message"), "4")
}

async fn no_such_command(g: &Ground) -> Outcome {
    let pods = running(g).await?;
    let (_, _, status) = exec(&pods, &["nonsense"], None).await?;
    same("status", text(&status, "/status"), "Failure")?;
    has("message", text(&status, "/message"), "executable file not found in $PATH")
}

/// Standard input ends where the client says so: only the fifth protocol can.
async fn both_protocols(g: &Ground) -> Outcome {
    running(g).await?;
    for (protocol, ends) in [("v5.channel.k8s.io", true), ("v4.channel.k8s.io", false)] {
        let path = g.core("pods/p/exec?container=main&stdin=true&stdout=true&command=cat");
        let request = Request::get(path).body(Vec::new()).map_err(|e| e.to_string())?;
        let (mut parts, body) = request.into_parts();
        parts.headers.insert("sec-websocket-protocol", protocol.parse().map_err(|_| "header")?);
        let connected = g.client.connect(Request::from_parts(parts, body)).await;
        let connection = connected.map_err(|e| format!("{protocol}: {e}"))?;
        let mut socket = connection.into_stream();
        let send = |channel: u8, bytes: &[u8]| {
            let mut message = vec![channel];
            message.extend_from_slice(bytes);
            tokio_tungstenite::tungstenite::Message::Binary(message.into())
        };
        socket.send(send(0, b"hello\n")).await.map_err(|e| e.to_string())?;
        let mut heard = Vec::new();
        let mut last = String::new();
        while let Ok(Some(Ok(message))) =
            tokio::time::timeout(std::time::Duration::from_secs(20), socket.next()).await
        {
            let bytes = message.into_data();
            match bytes.first() {
                Some(1) => heard.extend_from_slice(&bytes[1..]),
                Some(3) => last = String::from_utf8_lossy(&bytes[1..]).into_owned(),
                _ => {}
            }
            if heard.ends_with(b"hello\n") && last.is_empty() {
                if !ends {
                    break;
                }
                let _ = socket.send(send(255, &[0])).await;
            }
        }
        same(protocol, &String::from_utf8_lossy(&heard), "hello\n")?;
        holds(&format!("{protocol}: ended well: {last:?}"), last.contains("Success") == ends)?;
    }
    Ok(())
}

async fn refusals(g: &Ground) -> Outcome {
    running(g).await?;
    g.get(&g.core("pods/p/exec?container=nobody&command=ls&stdout=true")).await?.fails(
        400,
        "BadRequest",
        "container nobody is not valid for pod p",
    )?;
    g.get(&g.core("pods/none/exec?command=ls&stdout=true")).await?.fails(
        404,
        "NotFound",
        "pods \"none\" not found",
    )?;
    g.post(
        &g.core("pods"),
        &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "waits", "labels": {"app": "waits"}},
            "spec": {"nodeSelector": {"no": "node"}, "containers": [{"name": "main", "image": "app:1"}]}}),
    )
    .await?
    .is(201)?;
    g.get(&g.core("pods/waits/exec?command=ls&stdout=true")).await?.fails(
        400,
        "BadRequest",
        "pod waits does not have a host assigned",
    )?;
    Ok(())
}

async fn a_port(g: &Ground) -> Outcome {
    let pods = running(g).await?;
    let mut forwarder = pods.portforward("p", &[8080]).await.map_err(|e| e.to_string())?;
    let mut stream = forwarder.take_stream(8080).ok_or("no stream")?;
    stream
        .write_all(b"GET /x HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n")
        .await
        .map_err(|e| e.to_string())?;
    let mut heard = String::new();
    let reading = async {
        let mut some = [0; 1024];
        while !heard.contains("GET /x") {
            match stream.read(&mut some).await {
                Ok(0) | Err(_) => break,
                Ok(n) => heard.push_str(&String::from_utf8_lossy(&some[..n])),
            }
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(20), reading).await;
    has("answer", &heard, &format!("pod {}/p port 8080\nGET /x\n", g.ns))
}
