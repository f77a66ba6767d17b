//! The embedded price catalogue, unpacked. The one place that holds its bytes.
//!
//! Never: prices of anything (`domain::cost`). Called by `gather`, by `ops::costs` and by `main` for the interface.

use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;

use crate::domain::cost::catalogue::Catalogue;

/// List prices, packed; where they come from stands in `data/README.md`.
static PACKED: &[u8] = include_bytes!("../../data/instance-prices.csv.gz");

/// Unpacks and reads the catalogue: some 100 ms of work, so never on the loop.
pub fn read() -> Result<Arc<Catalogue>, String> {
    let mut text = String::with_capacity(8 << 20);
    GzDecoder::new(PACKED)
        .read_to_string(&mut text)
        .map_err(|e| format!("the embedded price catalogue cannot be unpacked: {e}"))?;
    Catalogue::parse(&text).map(Arc::new).map_err(|e| e.to_string())
}

/// Reads the catalogue on a thread of its own.
pub async fn load() -> Result<Arc<Catalogue>, String> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|e| format!("the price catalogue could not be read: {e}"))?
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_embedded_table_is_read() {
        assert!(super::read().unwrap().len() > 10_000);
    }
}
