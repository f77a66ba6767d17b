//! The binary in a real terminal: it starts, leaves, and gives the terminal back, however it is made to go.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Held while a terminal is opened and while a program is started. A terminal's end is kept from other programs only a moment
/// after it was opened: one that is started in between holds it open, and nobody can hang up.
static STARTING: Mutex<()> = Mutex::new(());

pub(crate) fn starting() -> MutexGuard<'static, ()> {
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program, of which no other test's terminal is a part.
pub(crate) fn spawn(command: &mut Command) -> std::process::Child {
    let _alone = starting();
    command.spawn().unwrap()
}

/// The same, to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    spawn(command).wait_with_output().unwrap()
}

pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
    screen: vt100::Parser,
    master: Box<dyn MasterPty + Send>,
    /// The terminal's modes before the program started.
    before: String,
}

impl Pty {
    pub(crate) fn start(arguments: &[&str], env: &[(&str, &str)]) -> Self {
        Self::run(env!("CARGO_BIN_EXE_skyfleet").as_ref(), arguments, env)
    }

    fn run(program: &std::ffi::OsStr, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let _alone = starting();
        let pty = native_pty_system()
            .openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        for (k, v) in env {
            command.env(k, v);
        }
        let before = format!("{:?}", pty.master.get_termios());
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
        Self { child, input, output, bytes: Vec::new(), screen, master: pty.master, before }
    }

    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
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

    /// Takes what it writes until it writes nothing for a moment: a frame may be half there.
    fn quiet(&mut self) {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(300)) else { return };
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
    }

    /// Everything it writes until it ends.
    fn output_until_the_end(mut self) -> String {
        let started = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < Duration::from_secs(20), "it does not end");
            while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.bytes.extend(bytes);
            }
        }
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
            self.bytes.extend(bytes);
        }
        assert_eq!(format!("{:?}", self.master.get_termios()), self.before, "the terminal's modes");
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// What is on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        output(Command::new("kill").args([name, &pid]));
    }

    /// Waits for its end; the terminal, where it was taken, must have been given back. Returns the exit code.
    pub(crate) fn ended(mut self) -> u32 {
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
        let opened = text.contains("\x1b[?1049h");
        for sequence in ["\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l"].into_iter().filter(|_| opened) {
            assert!(text.contains(sequence), "{sequence:?} was not sent");
        }
        let after = format!("{:?}", self.master.get_termios());
        assert_eq!(after, self.before, "the terminal's modes");
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
    // Also while half of a key's sequence has come, as over a slow link: nothing may wait for the rest of it.
    for (typed, signal) in [("", "-TERM"), ("", "-HUP"), ("\x1b[", "-TERM")] {
        let mut pty = demo();
        pty.send(typed.as_bytes());
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
    let out = output(Command::new(env!("CARGO_BIN_EXE_skyfleet")).arg("demo").env("TERM", "dumb"));
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("skyfleet "), "{out:?}");
}

/// The guard's hook is what is looked at, and the program has no key that panics: so this very test plays the program, in
/// a terminal of its own.
#[test]
fn a_panic_gives_the_terminal_back() {
    if std::env::var_os("SKYFLEET_PLAYS_A_PANIC").is_some() {
        let _guard = skyfleet::ui::term::guard::Guard::enter(false).unwrap();
        // One on another thread first: the screen stays.
        let _ = std::thread::spawn(|| panic!("beside the loop")).join();
        println!("still on the screen");
        panic!("in the loop");
    }
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "pty::a_panic_gives_the_terminal_back", "--nocapture", "--test-threads=1"];
    let pty = Pty::run(program.as_os_str(), &arguments, &[("SKYFLEET_PLAYS_A_PANIC", "1")]);
    let output = pty.output_until_the_end();
    let at = |text: &str| output.find(text).unwrap_or_else(|| panic!("no {text:?} in {output:?}"));
    let back = at("\x1b[?1049l");
    assert!(at("still on the screen") < back, "a panic beside the loop took the screen away");
    assert!(back < at("in the loop"), "the message is for the screen that is given back");
    assert!(!output.contains("beside the loop"), "it was written across the screen");
}

#[test]
fn suspended_by_command_and_back_in_the_foreground() {
    // Only a shell with job control makes a process that can be stopped.
    let mut shell = Pty::run("bash".as_ref(), &["--norc", "--noprofile", "-i"], &[("PS1", "shell> ")]);
    shell.until("the prompt", |s| s.contains("shell> "));
    shell.send(format!("{} demo --fleet small\r", env!("CARGO_BIN_EXE_skyfleet")).as_bytes());
    shell.until("the tree", |s| s.contains("? help") && s.contains("alpha"));
    shell.send(b":suspend\r");
    shell.until("the shell again", |s| s.contains("Stopped") && !s.contains("? help"));
    shell.send(b"fg\r");
    shell.until("the tree again", |s| s.contains("? help") && s.contains("alpha"));
    shell.send(b":q\r");
    shell.until("the shell at the end", |s| !s.contains("? help") && s.trim_end().ends_with("shell>"));
    shell.send(b"exit\r");
    shell.ended();
}

/// Only who wants the mouse loses the terminal's own selecting, and gets it back.
#[test]
fn the_mouse_moves_opens_and_changes_tabs_where_it_is_wanted() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().to_string_lossy().into_owned();
    let size =
        |pty: &Pty| pty.master.resize(PtySize { rows: 24, cols: 140, pixel_width: 0, pixel_height: 0 });
    let mut pty = demo();
    pty.send(b":q\r");
    let bytes = pty.output_until_the_end();
    assert!(!bytes.contains("\x1b[?1000h"), "nobody asked for it");

    std::fs::write(home.path().join("config.yaml"), "mouse: true\n").unwrap();
    let env = [("SKYFLEET_CONFIG_DIR", config.as_str())];
    let mut pty = Pty::start(&["demo", "--fleet", "small"], &env);
    size(&pty).unwrap();
    pty.screen.screen_mut().set_size(24.try_into().unwrap(), 140.try_into().unwrap());
    pty.until("the tree beside the overview", |s| s.contains("alpha") && s.contains("nothing is broken"));
    let click = |pty: &mut Pty, x: u16, y: u16| {
        pty.send(format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m").as_bytes());
    };
    let line_of = |pty: &Pty, text: &str| -> (u16, u16) {
        let screen = pty.text();
        let (y, line) = screen.lines().enumerate().find(|(_, l)| l.contains(text)).unwrap();
        let x = line.split_once(text).unwrap().0.chars().count();
        (u16::try_from(x + 1).unwrap(), u16::try_from(y + 1).unwrap())
    };
    // A row of the tree: the cursor, then what is in it.
    let (x, y) = line_of(&pty, "alpha");
    click(&mut pty, x, y);
    pty.until("alpha under the cursor", |s| s.contains("under the cursor") || s.contains("as arn"));
    click(&mut pty, x, y);
    pty.until("alpha stands open", |s| s.contains("checkout"));
    // A tab.
    let (x, y) = line_of(&pty, "Resources");
    click(&mut pty, x, y);
    // All of them: rows that come move the others.
    pty.until("the pods", |s| s.contains("RESTARTS") && s.contains("3/3 live") && s.contains("pods  50"));
    pty.quiet();
    pty.until("a row of them", |s| s.contains("sessions-0"));
    // A row of the table: the cursor, then what Enter does.
    let (x, y) = line_of(&pty, "sessions-0");
    click(&mut pty, x, y);
    click(&mut pty, x, y);
    pty.until("the pod described", |s| s.contains("Controlled By:"));
    // The wheel over a text.
    for _ in 0..3 {
        pty.send(format!("\x1b[<65;{x};{y}M").as_bytes());
    }
    pty.until("another part of it", |s| !s.contains("Context: "));
    // Outside of everything.
    for (x, y) in [(1, 24), (140, 24), (1, 1), (43, 2), (140, 2), (500, 500)] {
        click(&mut pty, x, y);
    }
    pty.send(b"\x03");
    let bytes = pty.output_until_the_end();
    assert!(bytes.contains("\x1b[?1000h") && bytes.contains("\x1b[?1000l"));
}

#[test]
fn without_a_cluster_a_welcome_that_leads_to_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().to_string_lossy().into_owned();
    let env = [("HOME", home.as_str()), ("KUBECONFIG", ""), ("XDG_CONFIG_HOME", ""), ("XDG_STATE_HOME", "")];
    let mut pty = Pty::start(&["--fleet", "small"], &env);
    pty.until("the welcome", |s| s.contains("No cluster is known yet") && s.contains("no such file"));
    pty.send(b":clouds\r");
    pty.until("the clouds", |s| s.contains("Clouds"));
    pty.send(b"\x1b");
    pty.until("the welcome again", |s| s.contains("No cluster is known yet"));
    pty.send(b"\r");
    pty.until("the demo", |s| s.contains("? help") && s.contains("alpha"));
    pty.send(b":q\r");
    assert_eq!(pty.ended(), 0);
}

/// The terminal goes, as it does when an SSH connection is lost: nothing is left behind, burning a core.
#[test]
fn who_hangs_up_leaves_no_program_behind() {
    for _ in 0..6 {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let alone = starting();
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_skyfleet"));
        command.args(["demo", "--fleet", "small"]);
        command.env("TERM", "xterm-256color");
        let mut child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        // The copy of an end is open to all for a moment, too.
        drop((pty.slave, alone));
        let (mut seen, mut buffer) = (Vec::new(), [0; 8192]);
        while !String::from_utf8_lossy(&seen).contains("alpha") {
            let n = reader.read(&mut buffer).unwrap();
            seen.extend_from_slice(&buffer[..n]);
        }
        drop((reader, pty.master));
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > Duration::from_secs(10) {
                child.kill().unwrap();
                panic!("it goes on without a terminal");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
