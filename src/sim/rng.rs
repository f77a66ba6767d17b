//! Chance that repeats: splitmix64 and a hash of text. No global state, no system entropy.
//! Called by the seed, the kubelet and everything that needs jitter.

/// splitmix64: small, fast, the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A generator from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator from a seed and a text, independent of draw order elsewhere.
    pub(crate) fn of(seed: u64, text: &str) -> Self {
        Self(seed ^ hash(text))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number in `0..n` (0 for n = 0).
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next() % n }
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// `len` characters of the alphabet Kubernetes uses for generated names.
    pub(crate) fn suffix(&mut self, len: usize) -> String {
        (0..len).map(|_| safe_char(self.next())).collect()
    }

    /// A version 4 uid.
    pub(crate) fn uid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            (b >> 48) & 0x3fff | 0x8000,
            b & 0xffff_ffff_ffff
        )
    }

    /// `len` hexadecimal digits.
    pub(crate) fn hex(&mut self, len: usize) -> String {
        let mut out = String::with_capacity(len + 16);
        while out.len() < len {
            out.push_str(&format!("{:016x}", self.next()));
        }
        out.truncate(len);
        out
    }
}

fn safe_char(bits: u64) -> char {
    const SAFE: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let index = usize::try_from(bits % 27).unwrap_or(0);
    char::from(SAFE.get(index).copied().unwrap_or(b'b'))
}

/// The final mix of splitmix64: one number to another, evenly.
pub(crate) fn mix(bits: u64) -> u64 {
    let mut z = bits;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a, mixed.
pub(crate) fn hash(text: &str) -> u64 {
    mix(text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
}

/// A name suffix computed from text, as Kubernetes encodes its template hashes (up to 10 characters).
pub(crate) fn safe_hash(text: &str) -> String {
    let number = (hash(text) & 0xffff_ffff).to_string();
    number.bytes().map(|digit| safe_char(u64::from(digit))).collect()
}

/// A share in [0, 1) made of a hash.
#[expect(clippy::cast_precision_loss, reason = "53 of 64 bits are plenty")]
pub(crate) fn unit(bits: u64) -> f64 {
    (mix(bits) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats() {
        let (mut a, mut b) = (Rng::of(7, "x"), Rng::of(7, "x"));
        assert_eq!(a.uid(), b.uid());
        assert_eq!(a.uid().len(), 36);
        assert_ne!(Rng::of(7, "y").next(), Rng::of(7, "x").next());
    }
}
