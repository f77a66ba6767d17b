//! A program in a terminal, measured from outside as a person would meet it; and what is made of many measurements.

use std::io::Read;
use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

fn next() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// A program in a terminal of 200x50.
pub(crate) struct Session {
    pub(crate) child: Box<dyn portable_pty::Child + Send + Sync>,
    pub(crate) input: Box<dyn Write + Send>,
    pub(crate) output: Receiver<(Instant, Vec<u8>)>,
    pub(crate) screen: vt100::Parser,
    pub(crate) started: Instant,
    own: std::path::PathBuf,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Session {
    pub(crate) fn start(program: &str, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        Self::over(Link::HERE, program, arguments, env)
    }

    /// The same over a link: what is typed and what is shown come later, and what is shown no faster than that.
    pub(crate) fn over(link: Link, program: &str, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize { rows: 50, cols: 200, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        // Nobody's own settings, and nothing that an earlier run kept.
        let own = std::env::temp_dir().join(format!("skyfleet-bench-own-{}-{}", std::process::id(), next()));
        command.env("SKYFLEET_STATE_DIR", own.join("state"));
        command.env("SKYFLEET_CONFIG_DIR", own.join("config"));
        for (k, v) in env {
            command.env(k, v);
        }
        let started = Instant::now();
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        let carried = link.carry(move |bytes| sender.send((Instant::now(), bytes)).is_ok());
        std::thread::spawn(move || {
            let mut buffer = vec![0; link.piece()];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || carried.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                    break;
                }
                link.pace(n);
            }
        });
        let mut keyboard = pty.master.take_writer().unwrap();
        let input: Box<dyn Write + Send> = if link.delay.is_zero() {
            keyboard
        } else {
            Box::new(Typed(link.carry(move |bytes| keyboard.write_all(&bytes).is_ok())))
        };
        let screen = vt100::Parser::new(50.try_into().unwrap(), 200.try_into().unwrap(), 0);
        Self { child, input, output, screen, started, own, _master: pty.master }
    }

    /// When the screen was first as wanted, since the start.
    pub(crate) fn until(&mut self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> Duration {
        loop {
            let left = limit.saturating_sub(self.started.elapsed());
            match self.output.recv_timeout(left) {
                Ok((at, bytes)) => {
                    self.screen.process(&bytes);
                    if wanted(&self.screen.screen().contents()) {
                        return at - self.started;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("waited for {what}; the screen:\n{}", self.screen.screen().contents())
                }
            }
        }
    }

    /// Takes what came in until nothing comes for a while.
    pub(crate) fn settle(&mut self, quiet: Duration) {
        while let Ok((_, bytes)) = self.output.recv_timeout(quiet) {
            self.screen.process(&bytes);
        }
    }

    /// From a key to the first bytes after it, and how many bytes came.
    pub(crate) fn key(&mut self, key: &[u8]) -> (Duration, usize) {
        let pressed = Instant::now();
        self.input.write_all(key).unwrap();
        self.input.flush().unwrap();
        let Ok((at, bytes)) = self.output.recv_timeout(Duration::from_secs(2)) else {
            panic!("no answer to a key")
        };
        self.screen.process(&bytes);
        (at - pressed, bytes.len())
    }

    /// From a key to the first bytes after which the screen is as wanted.
    pub(crate) fn answered(&mut self, key: &[u8], wanted: impl Fn(&str) -> bool) -> Duration {
        while let Ok((_, bytes)) = self.output.try_recv() {
            self.screen.process(&bytes);
        }
        let pressed = Instant::now();
        self.input.write_all(key).unwrap();
        self.input.flush().unwrap();
        loop {
            assert!(
                pressed.elapsed() < Duration::from_secs(10),
                "no answer to a key; the screen:\n{}",
                self.screen.screen().contents()
            );
            let Ok((at, bytes)) = self.output.recv_timeout(Duration::from_secs(5)) else {
                panic!("no answer to a key; the screen:\n{}", self.screen.screen().contents())
            };
            self.screen.process(&bytes);
            if wanted(&self.screen.screen().contents()) {
                return at.saturating_duration_since(pressed);
            }
        }
    }

    /// When the screen is as wanted: now, or after some bytes.
    pub(crate) fn seen(&mut self, wanted: impl Fn(&str) -> bool) -> Instant {
        let began = Instant::now();
        let mut at = began;
        while !wanted(&self.screen.screen().contents()) {
            let left = Duration::from_secs(10).saturating_sub(began.elapsed());
            let Ok((came, bytes)) = self.output.recv_timeout(left) else {
                panic!("it does not come; the screen:\n{}", self.screen.screen().contents())
            };
            self.screen.process(&bytes);
            at = came;
        }
        at
    }

    fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn rss_mb(&self) -> f64 {
        status_mb(self.pid(), "VmRSS:")
    }

    pub(crate) fn peak_mb(&self) -> f64 {
        peak_mb(self.pid())
    }

    pub(crate) fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.pid())
    }
}

/// A link between a person and the program.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    /// One way.
    pub(crate) delay: Duration,
    /// None: as many as come.
    pub(crate) bytes_per_second: Option<u32>,
}

type Carried = std::sync::mpsc::Sender<(Instant, Vec<u8>)>;

impl Link {
    /// None at all.
    pub(crate) const HERE: Self = Self { delay: Duration::ZERO, bytes_per_second: None };

    /// What is sent comes out after the delay.
    fn carry(self, mut out: impl FnMut(Vec<u8>) -> bool + Send + 'static) -> Carried {
        let (sender, carried) = channel::<(Instant, Vec<u8>)>();
        std::thread::spawn(move || {
            for (sent, bytes) in carried {
                std::thread::sleep((sent + self.delay).saturating_duration_since(Instant::now()));
                if !out(bytes) {
                    break;
                }
            }
        });
        sender
    }

    fn piece(self) -> usize {
        if self.bytes_per_second.is_some() { 512 } else { 65_536 }
    }

    fn pace(self, bytes: usize) {
        if let Some(most) = self.bytes_per_second {
            std::thread::sleep(Duration::from_secs_f64(bytes as f64 / f64::from(most)));
        }
    }
}

/// Keys on their way.
struct Typed(Carried);

impl Write for Typed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.send((Instant::now(), bytes.to_vec()));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn status_mb(pid: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kb: f64 = status
        .lines()
        .find_map(|l| l.strip_prefix(field))
        .and_then(|l| l.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0.0);
    kb / 1024.0
}

/// The most memory a process has had.
pub(crate) fn peak_mb(pid: u32) -> f64 {
    status_mb(pid, "VmHWM:")
}

/// The processor time of a process so far, in user code and in the kernel.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    // Of what follows the name the twelfth and the thirteenth, in hundredths of a second.
    (ticks(11) + ticks(12)) / 100.0
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.own);
    }
}

pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

pub(crate) fn percentile(times: &[f64], p: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() - 1) as f64 * p).round() as usize;
    sorted[at]
}

pub(crate) fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

/// From keys that move a cursor to the bytes after each, and how many.
pub(crate) fn keys(session: &mut Session, n: usize) -> (Vec<f64>, Vec<usize>) {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for i in 0..n {
        session.settle(Duration::from_millis(15));
        let (took, size) = session.key(if (i / 10) % 2 == 0 { b"j" } else { b"k" });
        times.push(ms(took));
        sizes.push(size);
    }
    (times, sizes)
}
