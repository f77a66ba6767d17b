//! Proxies to go through: they count who came.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A kind of proxy.
#[derive(Clone)]
pub(super) enum Kind {
    /// Only knows CONNECT; where a header is given, only with that `Proxy-Authorization`.
    Http(Option<&'static str>),
    /// The same over TLS.
    Https(Box<rustls::ServerConfig>, &'static str),
    /// SOCKS 5; where a user and a password are given, only with those.
    Socks(Option<(&'static str, &'static str)>),
}

/// A proxy that counts who came through.
pub(super) async fn proxy(kind: Kind) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (counted, kind) = (counted.clone(), kind.clone());
            tokio::spawn(async move {
                let done = match kind {
                    Kind::Http(header) => connect(client, counted, header).await,
                    Kind::Https(tls, header) => {
                        match TlsAcceptor::from(Arc::new(*tls)).accept(client).await {
                            Ok(client) => connect(client, counted, Some(header)).await,
                            Err(error) => Err(error),
                        }
                    }
                    Kind::Socks(login) => socks5(client, counted, login).await,
                };
                drop(done);
            });
        }
    });
    (port, count)
}

async fn connect(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    counted: Arc<AtomicU32>,
    header: Option<&str>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let told = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization").then_some(value.trim())
    });
    if header.is_some() && told != header {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    }
    let target = head.strip_prefix("CONNECT ").and_then(|r| r.split(' ').next()).unwrap_or("").to_owned();
    let mut server = TcpStream::connect(&target).await?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    counted.fetch_add(1, Ordering::SeqCst);
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

async fn socks5(
    mut client: TcpStream,
    counted: Arc<AtomicU32>,
    login: Option<(&str, &str)>,
) -> std::io::Result<()> {
    let (_, methods) = (client.read_u8().await?, client.read_u8().await?);
    let mut offered = vec![0; usize::from(methods)];
    client.read_exact(&mut offered).await?;
    if !offered.contains(&if login.is_some() { 2 } else { 0 }) {
        return client.write_all(&[5, 0xff]).await;
    }
    if let Some((user, password)) = login {
        client.write_all(&[5, 2]).await?;
        let _version = client.read_u8().await?;
        let mut texts = Vec::new();
        for _ in 0..2 {
            let mut text = vec![0; usize::from(client.read_u8().await?)];
            client.read_exact(&mut text).await?;
            texts.push(String::from_utf8_lossy(&text).into_owned());
        }
        let good = texts == [user, password];
        client.write_all(&[1, u8::from(!good)]).await?;
        if !good {
            return Ok(());
        }
    } else {
        client.write_all(&[5, 0]).await?;
    }
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let host = match head[3] {
        1 => {
            let mut ip = [0; 4];
            client.read_exact(&mut ip).await?;
            std::net::Ipv4Addr::from(ip).to_string()
        }
        _ => {
            let mut name = vec![0; usize::from(client.read_u8().await?)];
            client.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
    };
    let port = client.read_u16().await?;
    let mut server = TcpStream::connect((host.as_str(), port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    counted.fetch_add(1, Ordering::SeqCst);
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}
