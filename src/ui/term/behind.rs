//! The terminal behind a thread: whoever draws never waits for a link that is slow or stands still. A frame is handed over
//! when the one before has been taken; those in between are never made.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Where frames go.
pub trait Out: Write {
    /// What was written before has been taken.
    fn is_free(&self) -> bool {
        true
    }

    /// Waits for that, so long at most.
    fn settle(&self, _most: Duration) {}
}

impl Out for Vec<u8> {}
impl Out for io::Sink {}

/// An output that a thread writes.
pub struct Behind {
    /// What is written until it is handed over.
    pending: Vec<u8>,
    sender: Sender<Vec<u8>>,
    /// Frames that are handed over and not taken yet.
    waiting: Arc<AtomicUsize>,
}

impl Behind {
    /// Before this output. The thread ends when this does and all is written, or the output fails.
    pub fn new(mut out: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, frames) = channel::<Vec<u8>>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let taken = waiting.clone();
        std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            for frame in frames {
                let written = out.write_all(&frame).and_then(|()| out.flush());
                taken.fetch_sub(1, Ordering::AcqRel);
                if written.is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { pending: Vec::new(), sender, waiting })
    }

    /// Before the standard output, by an own handle: who gives the terminal back does not wait for what is being written.
    #[cfg(unix)]
    pub fn stdout() -> io::Result<Self> {
        use std::os::fd::AsFd;
        Self::new(std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?))
    }

    /// Before the standard output.
    #[cfg(not(unix))]
    pub fn stdout() -> io::Result<Self> {
        Self::new(io::stdout())
    }
}

impl Write for Behind {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Hands over what was written.
    fn flush(&mut self) -> io::Result<()> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        self.sender.send(std::mem::take(&mut self.pending)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Out for Behind {
    fn is_free(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0
    }

    fn settle(&self, most: Duration) {
        let until = Instant::now() + most;
        while !self.is_free() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    /// Takes a frame only when it is told to.
    struct Slow(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            let _ = self.1.send(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_slow_output_and_it_is_known_when_it_is_free() {
        let (go, told) = sync_channel(1);
        let (sent, taken) = channel();
        let mut out = Behind::new(Slow(told, sent)).unwrap();
        assert!(out.is_free());
        out.write_all(b"one").unwrap();
        out.flush().unwrap();
        assert!(!out.is_free(), "it is not taken yet");
        go.send(()).unwrap();
        assert_eq!(taken.recv().unwrap(), b"one");
        out.settle(Duration::from_secs(20));
        assert!(out.is_free());
        // The other end is gone: the next that is handed over says so, or the one after it.
        drop(go);
        out.write_all(b"two").unwrap();
        out.flush().unwrap();
        out.settle(Duration::from_secs(20));
        let gone = (0..2_000).any(|_| {
            std::thread::sleep(Duration::from_millis(1));
            out.flush().is_err()
        });
        assert!(gone);
    }
}
