//! Scripts and what they say.

use super::*;

async fn run(script: &str, input: &str) -> (i64, String, String) {
    let (typing, stdin) = mpsc::channel(4);
    let (to, mut heard) = mpsc::channel(64);
    if !input.is_empty() {
        typing.send(Bytes::from(input.to_string())).await.unwrap();
    }
    drop(typing);
    let mut shell = Shell::new(Inside::default(), stdin, to, false);
    let code = shell.exec(&["sh".into(), "-c".into(), script.into()]).await.unwrap();
    drop(shell);
    let (mut out, mut err) = (String::new(), String::new());
    while let Some((channel, bytes)) = heard.recv().await {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if channel == OUT { out.push_str(&text) } else { err.push_str(&text) }
    }
    (code, out, err)
}

#[tokio::test]
async fn scripts_run_as_in_a_shell() {
    for (script, input, code, out, err) in [
        ("echo a; echo b >&2; exit 3", "", 3, "a\n", "b\n"),
        ("false && echo no || echo yes", "", 0, "yes\n", ""),
        ("X='a b'; echo \"$X\" '$X' $?", "", 0, "a b $X 0\n", ""),
        ("cat", "one\ntwo\n", 0, "one\ntwo\n", ""),
        ("nonsense", "", 127, "", "sh: nonsense: not found\n"),
        ("cat /nowhere", "", 1, "", "cat: can't open '/nowhere': No such file or directory\n"),
        ("seq 3 >/dev/null; false 2>&1; echo $?", "", 0, "1\n", ""),
    ] {
        let (c, o, e) = run(script, input).await;
        assert_eq!((c, o.as_str(), e.as_str()), (code, out, err), "{script}");
    }
}
