//! SPDY/3.1 as far as Kubernetes speaks it: streams opened by the client, their headers, data, ends, pings.
//! kubectl forwards ports so, inside a WebSocket. Only bytes in and frames out; nothing is sent from here.
//! Called by `tunnel`.

use std::collections::BTreeMap;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// What both sides know of headers before the first (draft 3.1, section 2.6.10.1).
const DICTIONARY: &[u8] = include_bytes!("spdy.dictionary");
const FIN: u8 = 1;
/// Nothing sensible has longer headers.
const MOST_HEADERS: usize = 64 * 1024;

/// What the client says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A new stream and its headers.
    Stream(u32, BTreeMap<String, String>),
    Data(u32, Vec<u8>),
    /// Nothing more comes on the stream.
    End(u32),
    /// The stream is given up.
    Reset(u32),
    Ping([u8; 4]),
    Goodbye,
}

/// One connection.
pub(super) struct Spdy {
    held: Vec<u8>,
    unpack: Decompress,
    pack: Compress,
    packed_before: bool,
}

impl Spdy {
    pub(super) fn new() -> Self {
        Self {
            held: Vec::new(),
            unpack: Decompress::new(true),
            pack: Compress::new(Compression::fast(), true),
            packed_before: false,
        }
    }

    /// Takes bytes; gives what they say, or nothing more when they make no sense.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Option<Vec<Heard>> {
        self.held.extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(head) = self.held.get(..8).and_then(|h| <[u8; 8]>::try_from(h).ok()) {
            let [a, b, c, d, flags, x, y, z] = head;
            let length = usize::try_from(u32::from_be_bytes([0, x, y, z])).ok()?;
            if self.held.len() < 8 + length {
                break;
            }
            let body: Vec<u8> = self.held.drain(..8 + length).skip(8).collect();
            if a & 0x80 == 0 {
                let stream = u32::from_be_bytes([a, b, c, d]);
                if !body.is_empty() {
                    out.push(Heard::Data(stream, body));
                }
                if flags & FIN != 0 {
                    out.push(Heard::End(stream));
                }
                continue;
            }
            match u16::from_be_bytes([c, d]) {
                1 => {
                    let stream = word(&body, 0)?;
                    let headers = self.headers(body.get(10..)?)?;
                    out.push(Heard::Stream(stream, headers));
                    if flags & FIN != 0 {
                        out.push(Heard::End(stream));
                    }
                }
                3 => out.push(Heard::Reset(word(&body, 0)?)),
                6 => out.push(Heard::Ping(body.get(..4)?.try_into().ok()?)),
                7 => out.push(Heard::Goodbye),
                // Later headers belong to the same compressed stream.
                2 | 8 => {
                    self.headers(body.get(4..)?)?;
                }
                _ => {}
            }
        }
        Some(out)
    }

    fn headers(&mut self, packed: &[u8]) -> Option<BTreeMap<String, String>> {
        let mut text = Vec::with_capacity(MOST_HEADERS);
        let mut rest = packed;
        loop {
            let before = self.unpack.total_in();
            let done = self.unpack.decompress_vec(rest, &mut text, FlushDecompress::Sync);
            let used = usize::try_from(self.unpack.total_in() - before).ok()?;
            rest = rest.get(used..)?;
            match done {
                Ok(_) if rest.is_empty() => break,
                Ok(_) if used > 0 && text.len() < MOST_HEADERS => {}
                Ok(_) => return None,
                Err(error) => {
                    error.needs_dictionary()?;
                    self.unpack.set_dictionary(DICTIONARY).ok()?;
                }
            }
        }
        let mut at = 4;
        let mut headers = BTreeMap::new();
        for _ in 0..word(&text, 0)? {
            let mut part = || {
                let length = usize::try_from(word(&text, at)?).ok()?;
                let part = text.get(at + 4..at + 4 + length)?;
                at += 4 + length;
                Some(String::from_utf8_lossy(part).into_owned())
            };
            let (name, value) = (part()?, part()?);
            headers.insert(name, value);
        }
        Some(headers)
    }

    /// The answer to a new stream, without headers.
    pub(super) fn reply(&mut self, stream: u32) -> Option<Vec<u8>> {
        if !self.packed_before {
            self.pack.set_dictionary(DICTIONARY).ok()?;
            self.packed_before = true;
        }
        let mut body = stream.to_be_bytes().to_vec();
        let mut packed = Vec::with_capacity(64);
        self.pack.compress_vec(&[0, 0, 0, 0], &mut packed, FlushCompress::Sync).ok()?;
        body.extend(packed);
        Some(control(2, &body))
    }
}

/// Bytes of a stream.
pub(super) fn data(stream: u32, bytes: &[u8]) -> Vec<u8> {
    framed(stream.to_be_bytes(), 0, bytes)
}

/// The end of a stream.
pub(super) fn end(stream: u32) -> Vec<u8> {
    framed(stream.to_be_bytes(), FIN, &[])
}

/// A ping comes back.
pub(super) fn pong(id: [u8; 4]) -> Vec<u8> {
    control(6, &id)
}

fn control(kind: u8, body: &[u8]) -> Vec<u8> {
    framed([0x80, 3, 0, kind], 0, body)
}

fn framed(first: [u8; 4], flags: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
    let mut out = first.to_vec();
    out.push(flags);
    out.extend(length.iter().skip(1));
    out.extend_from_slice(body);
    out
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN_STREAM as a client makes it.
    fn opened(pack: &mut Compress, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut text = u32::try_from(headers.len()).unwrap().to_be_bytes().to_vec();
        for part in headers.iter().flat_map(|(k, v)| [k, v]) {
            text.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            text.extend(part.as_bytes());
        }
        let mut packed = Vec::with_capacity(1024);
        pack.compress_vec(&text, &mut packed, FlushCompress::Sync).unwrap();
        let mut body = stream.to_be_bytes().to_vec();
        body.extend([0; 6]);
        body.extend(packed);
        control(1, &body)
    }

    #[test]
    fn streams_are_heard_in_any_pieces() {
        let mut pack = Compress::new(Compression::fast(), true);
        pack.set_dictionary(DICTIONARY).unwrap();
        let mut bytes = opened(&mut pack, 1, &[("streamtype", "error"), ("port", "80")]);
        bytes.extend(opened(&mut pack, 3, &[("streamtype", "data"), ("port", "80")]));
        bytes.extend(data(3, b"hello"));
        bytes.extend(end(3));
        bytes.extend(pong([0, 0, 0, 7]));
        let mut spdy = Spdy::new();
        let heard: Vec<Heard> = bytes.chunks(5).flat_map(|piece| spdy.hear(piece).unwrap()).collect();
        let headers = |kind: &str| {
            BTreeMap::from([("port".to_owned(), "80".to_owned()), ("streamtype".to_owned(), kind.to_owned())])
        };
        assert_eq!(
            heard,
            [
                Heard::Stream(1, headers("error")),
                Heard::Stream(3, headers("data")),
                Heard::Data(3, b"hello".to_vec()),
                Heard::End(3),
                Heard::Ping([0, 0, 0, 7]),
            ]
        );
        assert!(spdy.reply(1).unwrap().starts_with(&[0x80, 3, 0, 2]));
    }
}
