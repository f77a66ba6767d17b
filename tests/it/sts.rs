//! `clouds --identify` asks AWS's own service who a profile is, by the AWS SDK: here one on this machine that speaks as it
//! does, and checks that it is asked as AWS wants to be.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

const WHO: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::222233334444:assumed-role/operator/alice</Arn><UserId>AROAEXAMPLE:alice</UserId><Account>222233334444</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;
const EXPIRED: &str = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>"#;

/// Runs the command against a service that gives this answer; what it printed, and what the service was asked.
fn identify(status: &str, body: &str) -> (Value, String) {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", service.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = service.accept().unwrap();
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        while !text.contains("Action=GetCallerIdentity") {
            let n = stream.read(&mut buffer).unwrap();
            assert!(n > 0, "no such action: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
        stream.write_all(answer.as_bytes()).unwrap();
        text
    });
    let home = tempfile::tempdir().unwrap();
    let aws = home.path().join(".aws");
    std::fs::create_dir(&aws).unwrap();
    std::fs::write(aws.join("config"), "[profile operator]\nregion = eu-west-1\n").unwrap();
    let keys = "[operator]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = planted-secret\n";
    std::fs::write(aws.join("credentials"), keys).unwrap();
    let ran = crate::pty::output(
        Command::new(env!("CARGO_BIN_EXE_skyfleet"))
            .args(["clouds", "--identify", "-o", "json"])
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_ENDPOINT_URL_STS", endpoint)
            .env("AWS_MAX_ATTEMPTS", "1"),
    );
    let out = String::from_utf8(ran.stdout).unwrap();
    assert!(!out.contains("planted-secret"), "{out}");
    (serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}")), asked.join().unwrap())
}

#[test]
fn who_a_profile_is() {
    let (answer, asked) = identify("200 OK", WHO);
    assert!(answer.to_string().contains("arn:aws:sts::222233334444:assumed-role/operator/alice"), "{answer}");
    // Signed with the profile's own key, for its own region.
    assert!(asked.contains("Credential=AKIAEXAMPLE/") && asked.contains("/eu-west-1/sts/"), "{asked}");
    assert!(!asked.contains("planted-secret"), "{asked}");
}

#[test]
fn why_a_profile_is_nobody() {
    let (answer, _) = identify("403 Forbidden", EXPIRED);
    let text = answer.to_string();
    assert!(!text.contains("arn:aws:sts") && text.contains("expired"), "{text}");
}
