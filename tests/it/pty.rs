//! The binary in a real terminal: it starts, leaves, and gives the terminal back, however it is made to go.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

struct Pty {
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
    screen: vt100::Parser,
    master: Box<dyn MasterPty + Send>,
}

impl Pty {
    fn start(arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_skyfleet"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        for (k, v) in env {
            command.env(k, v);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let input = pty.master.take_writer().unwrap();
        let screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        Self { child, input, output, bytes: Vec::new(), screen, master: pty.master }
    }

    fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let started = Instant::now();
        loop {
            if wanted(&self.screen.screen().contents()) {
                return;
            }
            match self.output.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(_) => assert!(
                    started.elapsed() < Duration::from_secs(40),
                    "waited for {what}; the screen:\n{}",
                    self.screen.screen().contents()
                ),
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        std::process::Command::new("kill").args([name, &pid]).status().unwrap();
    }

    /// Waits for its end; the terminal must have been given back. Returns the exit code.
    fn ended(mut self) -> u32 {
        let started = Instant::now();
        let code = loop {
            while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.bytes.extend(bytes);
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.exit_code();
            }
            assert!(started.elapsed() < Duration::from_secs(20), "it does not end");
        };
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
            self.bytes.extend(bytes);
        }
        let text = String::from_utf8_lossy(&self.bytes);
        for sequence in ["\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l"] {
            assert!(text.contains(sequence), "{sequence:?} was not sent");
        }
        code
    }
}

fn demo() -> Pty {
    let mut pty = Pty::start(&["demo", "--fleet", "small"], &[]);
    pty.until("the tree", |s| s.contains("? help") && s.contains("alpha"));
    pty
}

#[test]
fn leaves_by_command_and_by_key() {
    for keys in [&b":q\r"[..], b"\x03"] {
        let mut pty = demo();
        pty.send(keys);
        assert_eq!(pty.ended(), 0);
    }
}

#[test]
fn gives_the_terminal_back_after_signals() {
    for signal in ["-TERM", "-HUP"] {
        let pty = demo();
        pty.signal(signal);
        pty.ended();
    }
}

#[test]
fn a_resize_is_drawn_at_the_new_size() {
    let mut pty = demo();
    pty.screen = vt100::Parser::new(50.try_into().unwrap(), 160.try_into().unwrap(), 0);
    pty.master.resize(PtySize { rows: 50, cols: 160, pixel_width: 0, pixel_height: 0 }).unwrap();
    pty.until("tree and tabs side by side", |s| {
        s.contains("Overview") && s.contains("Costs") && s.contains("Fleet")
    });
    pty.send(b":q\r");
    assert_eq!(pty.ended(), 0);
}

#[test]
fn no_color_sends_no_colour_and_keeps_the_cursor_visible() {
    let mut pty = Pty::start(&["demo", "--fleet", "small"], &[("NO_COLOR", "1")]);
    pty.until("the tree", |s| s.contains("? help") && s.contains("alpha"));
    pty.send(b"j");
    std::thread::sleep(Duration::from_millis(300));
    pty.send(b":q\r");
    while let Ok(bytes) = pty.output.recv_timeout(Duration::from_millis(200)) {
        pty.bytes.extend(bytes);
    }
    let text = String::from_utf8_lossy(&pty.bytes).into_owned();
    assert!(!text.contains("\x1b[38;") && !text.contains("\x1b[48;"), "a colour was sent");
    assert!(text.contains("\x1b[7m"), "the cursor is not reversed");
    pty.ended();
}

#[test]
fn a_dumb_terminal_is_told_about_the_commands() {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_skyfleet"))
        .arg("demo")
        .env("TERM", "dumb")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("skyfleet "), "{out:?}");
}
