//! A toy shell inside simulated containers: a few commands, variables, `;`, `&&`, `||`, exit codes, standard input.
//! The same words as the testbed's. Never: changes to objects. Called by exec sessions.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use super::clock;
use super::json as j;
use super::object::Stored;

/// Standard output, as channels number it.
pub(crate) const OUT: u8 = 1;
/// Standard error.
pub(crate) const ERR: u8 = 2;

/// What a container looks like from inside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inside {
    env: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    now: clock::Millis,
}

impl Inside {
    /// Of a container of a pod.
    pub(crate) fn of(pod: &Stored, container: &str, now: clock::Millis) -> Self {
        let value = pod.value();
        let (name, ns) = (&*pod.key.name, &*pod.key.ns);
        let ip = j::text(&value, "status.podIP");
        let mut env: BTreeMap<String, String> = [
            ("HOME", "/root"),
            ("HOSTNAME", name),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
            ("KUBERNETES_SERVICE_PORT", "443"),
        ]
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .into();
        let spec = j::find(j::list(&value, "spec.containers"), "name", container);
        for item in spec.map(|c| j::list(c, "env")).unwrap_or_default() {
            let path = j::text(item, "valueFrom.fieldRef.fieldPath");
            let told = match path {
                "" => j::text(item, "value"),
                path => j::text(&value, path),
            };
            env.insert(j::text(item, "name").into(), told.into());
        }
        let files = [
            ("/etc/hostname", format!("{name}\n")),
            ("/etc/hosts", format!("127.0.0.1\tlocalhost\n{ip}\t{name}\n")),
            ("/etc/os-release", "NAME=\"Testbed Linux\"\nID=testbed\n".to_string()),
            (
                "/etc/resolv.conf",
                format!(
                    "search {ns}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\n"
                ),
            ),
            ("/etc/app/config.yaml", "listen: :8080\nlogLevel: info\n".to_string()),
            ("/app/server", String::new()),
            ("/var/run/secrets/kubernetes.io/serviceaccount/namespace", ns.to_string()),
        ];
        Self { env, files: files.map(|(k, v)| (k.to_string(), v)).into(), now }
    }
}

/// One visitor of a container.
pub(crate) struct Shell {
    inside: Inside,
    stdin: mpsc::Receiver<Bytes>,
    /// Read from the input and not used yet.
    held: Vec<u8>,
    to: mpsc::Sender<(u8, Bytes)>,
    out: Option<u8>,
    err: Option<u8>,
    tty: bool,
    status: i64,
    leave: bool,
}

/// A running command, which may run others.
type Running<'a> = Pin<Box<dyn Future<Output = i64> + Send + 'a>>;

impl Shell {
    /// A shell that reads here and writes there. With a terminal there is one output.
    pub(crate) fn new(
        inside: Inside,
        stdin: mpsc::Receiver<Bytes>,
        to: mpsc::Sender<(u8, Bytes)>,
        tty: bool,
    ) -> Self {
        let err = Some(if tty { OUT } else { ERR });
        Self { inside, stdin, held: Vec::new(), to, out: Some(OUT), err, tty, status: 0, leave: false }
    }

    /// Runs the command of an exec request: its exit code, or the runtime's error when there is no such command.
    pub(crate) async fn exec(&mut self, argv: &[String]) -> Result<i64, String> {
        let Some((first, rest)) = argv.split_first() else { return Err("no command".into()) };
        let name = first.rsplit('/').next().unwrap_or(first);
        if matches!(name, "sh" | "bash" | "ash") {
            return Ok(match rest {
                [flag, script, ..] if matches!(flag.as_str(), "-c" | "-lc" | "-ec") => {
                    self.script(script).await
                }
                _ => self.interactive().await,
            });
        }
        if !COMMANDS.contains(&name) {
            return Err(format!(
                "failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: \"{first}\": executable file not found in $PATH: unknown"
            ));
        }
        let mut words = vec![name.to_string()];
        words.extend(rest.iter().cloned());
        Ok(self.command(words).await)
    }

    /// Reads commands line by line until the end of input or `exit`.
    async fn interactive(&mut self) -> i64 {
        while !self.leave {
            if self.tty {
                self.write(self.out, "/ # ").await;
            }
            let Some(line) = self.line().await else { break };
            self.script(&line).await;
        }
        self.status
    }

    /// Runs commands joined by `;`, newlines, `&&` and `||`.
    fn script<'a>(&'a mut self, text: &'a str) -> Running<'a> {
        Box::pin(async move {
            let mut run = true;
            for (part, joint) in parts(text) {
                if run {
                    let words = words(&part, |name| match name {
                        "?" => self.status.to_string(),
                        name => self.inside.env.get(name).cloned().unwrap_or_default(),
                    });
                    if !words.is_empty() {
                        self.status = self.command(words).await;
                    }
                }
                if self.leave || self.to.is_closed() {
                    break;
                }
                run = match joint {
                    "&&" => self.status == 0,
                    "||" => self.status != 0,
                    _ => true,
                };
            }
            self.status
        })
    }

    /// Runs one command with its words and redirections.
    async fn command(&mut self, words: Vec<String>) -> i64 {
        if let [one] = words.as_slice()
            && let Some((name, value)) = one.split_once('=')
            && !name.contains('/')
        {
            self.inside.env.insert(name.into(), value.into());
            return 0;
        }
        let (out, err) = (self.out, self.err);
        let mut kept = Vec::new();
        for word in words {
            match word.as_str() {
                ">&2" | "1>&2" => self.out = self.err,
                "2>&1" => self.err = self.out,
                ">/dev/null" => self.out = None,
                "2>/dev/null" => self.err = None,
                _ => kept.push(word),
            }
        }
        let code = match kept.split_first() {
            Some((first, args)) => {
                let name = first.rsplit('/').next().unwrap_or(first).to_string();
                self.run(first, &name, args).await
            }
            None => 0,
        };
        (self.out, self.err) = (out, err);
        code
    }

    async fn run(&mut self, typed: &str, name: &str, args: &[String]) -> i64 {
        match name {
            "true" | ":" => 0,
            "false" => 1,
            "exit" => {
                self.leave = true;
                args.first().and_then(|a| a.parse::<i64>().ok()).map_or(self.status, |code| code & 0xff)
            }
            "echo" => {
                let (args, end) = match args.split_first() {
                    Some((first, rest)) if first == "-n" => (rest, ""),
                    _ => (args, "\n"),
                };
                self.say(&format!("{}{end}", args.join(" "))).await
            }
            "cat" => self.cat(args).await,
            "env" => self.print_env().await,
            "printenv" => match args.first() {
                None => self.print_env().await,
                Some(name) => match self.inside.env.get(name).cloned() {
                    Some(value) => self.say(&format!("{value}\n")).await,
                    None => 1,
                },
            },
            "sleep" => {
                for arg in args {
                    match arg.trim_end_matches('s').parse::<f64>() {
                        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => tokio::select! {
                            () = tokio::time::sleep(Duration::from_secs_f64(seconds.min(86_400.0))) => {}
                            () = self.to.closed() => return 143,
                        },
                        _ => return self.fail(&format!("sleep: invalid time interval '{arg}'")).await,
                    }
                }
                0
            }
            "ls" => self.ls(args).await,
            "pwd" => self.say("/\n").await,
            "hostname" => {
                let name = self.inside.env.get("HOSTNAME").cloned().unwrap_or_default();
                self.say(&format!("{name}\n")).await
            }
            "whoami" => self.say("root\n").await,
            "id" => self.say("uid=0(root) gid=0(root) groups=0(root)\n").await,
            "date" => {
                let now = clock::rfc3339(self.inside.now);
                self.say(&format!("{now}\n")).await
            }
            "uname" => self.say("Linux\n").await,
            "seq" => match args.last() {
                None => self.fail("seq: missing operand").await,
                Some(last) => {
                    let last = last.parse::<u64>().unwrap_or(0);
                    let mut text = String::new();
                    for n in 1..=last {
                        text.push_str(&format!("{n}\n"));
                        if text.len() > 16 * 1024 {
                            self.say(&std::mem::take(&mut text)).await;
                            if self.to.is_closed() {
                                return 143;
                            }
                        }
                    }
                    self.say(&text).await
                }
            },
            "sh" | "bash" | "ash" => match args {
                [flag, script, ..] if flag == "-c" => {
                    let (script, left) = (script.clone(), self.leave);
                    let code = self.script(&script).await;
                    self.leave = left;
                    code
                }
                _ => 0,
            },
            _ => {
                self.write(self.err, &format!("sh: {typed}: not found\n")).await;
                127
            }
        }
    }

    async fn cat(&mut self, args: &[String]) -> i64 {
        if args.is_empty() || matches!(args, [one] if one == "-") {
            if self.tty {
                while let Some(line) = self.line().await {
                    self.say(&format!("{line}\n")).await;
                }
                return 0;
            }
            let held = std::mem::take(&mut self.held);
            self.send(self.out, Bytes::from(held)).await;
            while let Some(bytes) = self.stdin.recv().await {
                self.send(self.out, bytes).await;
            }
            return 0;
        }
        let mut code = 0;
        for path in args {
            match self.inside.files.get(path).cloned() {
                Some(text) => {
                    self.say(&text).await;
                }
                None => {
                    code = self.fail(&format!("cat: can't open '{path}': No such file or directory")).await;
                }
            }
        }
        code
    }

    async fn print_env(&mut self) -> i64 {
        let all: String = self.inside.env.iter().map(|(k, v)| format!("{k}={v}\n")).collect();
        self.say(&all).await
    }

    async fn ls(&mut self, args: &[String]) -> i64 {
        let asked = args.iter().rfind(|a| !a.starts_with('-')).map_or("", |a| a.trim_end_matches('/'));
        let dir = format!("{asked}/");
        let mut names: Vec<&str> =
            self.inside.files.keys().filter_map(|path| path.strip_prefix(&dir)?.split('/').next()).collect();
        names.dedup();
        if names.is_empty() {
            return self.fail(&format!("ls: {asked}: No such file or directory")).await;
        }
        let text = format!("{}\n", names.join("\n"));
        self.say(&text).await
    }

    async fn say(&mut self, text: &str) -> i64 {
        self.write(self.out, text).await;
        0
    }

    async fn fail(&mut self, text: &str) -> i64 {
        self.write(self.err, &format!("{text}\n")).await;
        1
    }

    async fn write(&self, channel: Option<u8>, text: &str) {
        let text = if self.tty { text.replace('\n', "\r\n") } else { text.to_string() };
        self.send(channel, Bytes::from(text)).await;
    }

    async fn send(&self, channel: Option<u8>, bytes: Bytes) {
        if let Some(channel) = channel.filter(|_| !bytes.is_empty()) {
            let _ = self.to.send((channel, bytes)).await;
        }
    }

    /// The next line of input, echoed where there is a terminal; `None` at its end.
    async fn line(&mut self) -> Option<String> {
        let mut line: Vec<u8> = Vec::new();
        loop {
            let byte = match self.byte().await {
                Some(byte) => byte,
                None if line.is_empty() => return None,
                None => break,
            };
            match (byte, self.tty) {
                (b'\n', _) | (b'\r', true) => {
                    if self.tty {
                        self.write(Some(OUT), "\n").await;
                    }
                    break;
                }
                (3, true) => {
                    self.write(Some(OUT), "^C\n").await;
                    self.status = 130;
                    return Some(String::new());
                }
                (4, true) if line.is_empty() => return None,
                (4, true) => {}
                (8 | 127, true) => {
                    if line.pop().is_some() {
                        self.write(Some(OUT), "\u{8} \u{8}").await;
                    }
                }
                _ => {
                    line.push(byte);
                    if self.tty {
                        self.send(Some(OUT), Bytes::copy_from_slice(&[byte])).await;
                    }
                }
            }
        }
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    async fn byte(&mut self) -> Option<u8> {
        while self.held.is_empty() {
            self.held = self.stdin.recv().await?.to_vec();
        }
        Some(self.held.remove(0))
    }
}

/// All the shell knows.
const COMMANDS: [&str; 17] = [
    "true", "false", ":", "exit", "echo", "cat", "env", "printenv", "sleep", "ls", "pwd", "hostname",
    "whoami", "id", "date", "uname", "seq",
];

/// The commands of a script and what joins each to the next.
fn parts(text: &str) -> Vec<(String, &'static str)> {
    let mut out = Vec::new();
    let mut part = String::new();
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (';' | '\n', None) => {
                out.push((std::mem::take(&mut part), ";"));
                continue;
            }
            ('&' | '|', None) if rest.peek() == Some(&c) => {
                rest.next();
                out.push((std::mem::take(&mut part), if c == '&' { "&&" } else { "||" }));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    out.push((part, ";"));
    out
}

/// The words of a command; variables are filled in but between single quotes.
fn words(text: &str, variable: impl Fn(&str) -> String) -> Vec<String> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => out.extend(word.take()),
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(rest.next()),
            ('$', None | Some('"')) => {
                let braced = rest.next_if_eq(&'{').is_some();
                let mut name = String::new();
                while let Some(c) =
                    rest.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '?' && name.is_empty())
                {
                    name.push(c);
                    if c == '?' {
                        break;
                    }
                }
                if braced {
                    rest.next_if_eq(&'}');
                }
                let told = if name.is_empty() { "$".to_string() } else { variable(&name) };
                word.get_or_insert_default().push_str(&told);
            }
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    out
}

/// Is anything of a pod's containers running under this name?
pub(crate) fn runs(pod: &Value, container: &str) -> bool {
    let status = j::find(j::list(pod, "status.containerStatuses"), "name", container)
        .or_else(|| j::find(j::list(pod, "status.ephemeralContainerStatuses"), "name", container));
    status.is_some_and(|s| !j::at(s, "state.running").is_null())
}

#[cfg(test)]
mod tests;
