// kubelet_shell.go: a toy shell for exec: a few commands, variables, `;`, `&&`, `||` and exit codes.

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

type shell struct {
	ctx     context.Context
	session *session
	in      *bufio.Reader
	out     io.Writer
	errOut  io.Writer
	tty     bool
	env     map[string]string
	status  int
	leave   bool // `exit` was called
	mu      sync.Mutex
	size    remotecommand.TerminalSize
}

func newShell(ctx context.Context, s *session, in io.Reader, out, errOut io.WriteCloser, tty bool) *shell {
	sh := &shell{ctx: ctx, session: s, tty: tty, out: io.Discard, errOut: io.Discard, env: s.environment()}
	if in == nil {
		in = strings.NewReader("")
	}
	sh.in = bufio.NewReader(in)
	if out != nil {
		sh.out = out
		if tty {
			sh.out = &terminalWriter{out}
		}
	}
	sh.errOut = sh.out
	if errOut != nil && !tty {
		sh.errOut = errOut
	} else if !tty {
		sh.errOut = io.Discard
	}
	return sh
}

// followSize remembers the size of the visitor's terminal for `stty size`.
func (sh *shell) followSize(sizes <-chan remotecommand.TerminalSize) {
	for size := range sizes {
		sh.mu.Lock()
		sh.size = size
		sh.mu.Unlock()
	}
}

// exec runs the command of an exec request; a command that does not exist is the runtime's error, not an exit code.
func (sh *shell) exec(argv []string) (int, error) {
	if len(argv) == 0 {
		return 0, errors.New("no command")
	}
	name := argv[0][strings.LastIndexByte(argv[0], '/')+1:]
	if name == "sh" || name == "bash" || name == "ash" {
		if len(argv) > 2 && (argv[1] == "-c" || argv[1] == "-lc" || argv[1] == "-ec") {
			return sh.script(argv[2]), nil
		}
		return sh.interactive(), nil
	}
	if _, ok := commands[name]; !ok {
		return 0, fmt.Errorf("failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: %q: executable file not found in $PATH: unknown", argv[0])
	}
	return sh.command(append([]string{name}, argv[1:]...)), nil
}

// interactive reads line by line until the end of input or `exit`.
func (sh *shell) interactive() int {
	for !sh.leave && sh.ctx.Err() == nil {
		if sh.tty {
			_, _ = io.WriteString(sh.out, "/ # ")
		}
		line, err := sh.readLine()
		if line != "" {
			sh.script(line)
		}
		if err != nil {
			break
		}
	}
	return sh.status
}

// readLine echoes what is typed when there is a terminal, as a terminal driver does.
func (sh *shell) readLine() (string, error) {
	if !sh.tty {
		line, err := sh.in.ReadString('\n')
		return strings.TrimRight(line, "\n"), err
	}
	var line []byte
	for {
		b, err := sh.in.ReadByte()
		if err != nil {
			return string(line), err
		}
		switch b {
		case '\r', '\n':
			_, _ = io.WriteString(sh.out, "\n")
			return string(line), nil
		case 3: // Ctrl-C
			_, _ = io.WriteString(sh.out, "^C\n")
			sh.status = 130
			return "", nil
		case 4: // Ctrl-D
			if len(line) == 0 {
				return "", io.EOF
			}
		case 8, 127: // backspace
			if len(line) > 0 {
				line = line[:len(line)-1]
				_, _ = io.WriteString(sh.out, "\b \b")
			}
		default:
			line = append(line, b)
			_, _ = sh.out.Write([]byte{b})
		}
	}
}

// script runs commands joined by `;`, newlines, `&&` and `||`.
func (sh *shell) script(text string) int {
	run := true
	for _, part := range splitScript(text) {
		if run {
			if words := sh.words(part.text); len(words) > 0 {
				sh.status = sh.command(words)
			}
		}
		if sh.leave || sh.ctx.Err() != nil {
			break
		}
		switch part.joint {
		case "&&":
			run = sh.status == 0
		case "||":
			run = sh.status != 0
		default:
			run = true
		}
	}
	return sh.status
}

// command runs one command with its words and returns its exit code.
func (sh *shell) command(words []string) int {
	if name, value, ok := strings.Cut(words[0], "="); ok && len(words) == 1 && !strings.Contains(name, "/") {
		sh.env[name] = value
		return 0
	}
	out, errOut := sh.out, sh.errOut
	defer func() { sh.out, sh.errOut = out, errOut }()
	kept := words[:0:0]
	for _, word := range words {
		switch word {
		case ">&2", "1>&2":
			sh.out = sh.errOut
		case "2>&1":
			sh.errOut = sh.out
		case ">/dev/null":
			sh.out = io.Discard
		case "2>/dev/null":
			sh.errOut = io.Discard
		default:
			kept = append(kept, word)
		}
	}
	if len(kept) == 0 {
		return 0
	}
	run, ok := commands[kept[0][strings.LastIndexByte(kept[0], '/')+1:]]
	if !ok {
		_, _ = fmt.Fprintf(sh.errOut, "sh: %s: not found\n", kept[0])
		return 127
	}
	return run(sh, kept[1:])
}

// commands are all the shell knows; `sh` is added at start, because it calls back.
var commands = map[string]func(sh *shell, args []string) int{
	"true":  func(*shell, []string) int { return 0 },
	"false": func(*shell, []string) int { return 1 },
	":":     func(*shell, []string) int { return 0 },
	"exit": func(sh *shell, args []string) int {
		sh.leave = true
		if len(args) > 0 {
			if code, err := strconv.Atoi(args[0]); err == nil {
				return code & 0xff
			}
		}
		return sh.status
	},
	"echo": func(sh *shell, args []string) int {
		end := "\n"
		if len(args) > 0 && args[0] == "-n" {
			end, args = "", args[1:]
		}
		_, _ = io.WriteString(sh.out, strings.Join(args, " ")+end)
		return 0
	},
	"cat":      (*shell).cat,
	"env":      func(sh *shell, _ []string) int { return sh.printEnv() },
	"printenv": (*shell).printenv,
	"sleep": func(sh *shell, args []string) int {
		for _, arg := range args {
			seconds, err := strconv.ParseFloat(strings.TrimSuffix(arg, "s"), 64)
			if err != nil {
				return sh.fail("sleep: invalid time interval '%s'", arg)
			}
			sleep(sh.ctx, time.Duration(seconds*float64(time.Second)))
		}
		return 0
	},
	"ls": (*shell).ls,
	"pwd": func(sh *shell, _ []string) int {
		_, _ = io.WriteString(sh.out, "/\n")
		return 0
	},
	"hostname": func(sh *shell, _ []string) int {
		_, _ = fmt.Fprintln(sh.out, sh.env["HOSTNAME"])
		return 0
	},
	"whoami": func(sh *shell, _ []string) int {
		_, _ = fmt.Fprintln(sh.out, "root")
		return 0
	},
	"id": func(sh *shell, _ []string) int {
		_, _ = fmt.Fprintln(sh.out, "uid=0(root) gid=0(root) groups=0(root)")
		return 0
	},
	"date": func(sh *shell, _ []string) int {
		_, _ = fmt.Fprintln(sh.out, time.Now().UTC().Format(time.UnixDate))
		return 0
	},
	"uname": func(sh *shell, _ []string) int {
		_, _ = fmt.Fprintln(sh.out, "Linux")
		return 0
	},
	"seq": func(sh *shell, args []string) int {
		if len(args) == 0 {
			return sh.fail("seq: missing operand")
		}
		last, _ := strconv.Atoi(args[len(args)-1])
		w := bufio.NewWriter(sh.out)
		for i := 1; i <= last && sh.ctx.Err() == nil; i++ {
			_, _ = fmt.Fprintln(w, i)
		}
		_ = w.Flush()
		return 0
	},
	"stty": func(sh *shell, args []string) int {
		if len(args) == 1 && args[0] == "size" {
			sh.mu.Lock()
			defer sh.mu.Unlock()
			_, _ = fmt.Fprintln(sh.out, sh.size.Height, sh.size.Width)
		}
		return 0
	},
	"kill": func(sh *shell, args []string) int {
		if len(args) == 0 || args[len(args)-1] != "1" {
			return sh.fail("kill: only process 1 is here")
		}
		code := int32(143)
		if args[0] == "-9" || args[0] == "-KILL" {
			code = 137
		}
		sh.session.worker.kill(sh.session.container, code)
		return 0
	},
}

func (sh *shell) fail(format string, args ...any) int {
	_, _ = fmt.Fprintf(sh.errOut, format+"\n", args...)
	return 1
}

func (sh *shell) cat(args []string) int {
	if len(args) == 0 || len(args) == 1 && args[0] == "-" {
		if sh.tty {
			for {
				line, err := sh.readLine()
				if err != nil {
					return 0
				}
				_, _ = fmt.Fprintln(sh.out, line)
			}
		}
		_, _ = io.Copy(sh.out, sh.in)
		return 0
	}
	code := 0
	for _, path := range args {
		text, ok := sh.session.files()[path]
		if !ok {
			code = sh.fail("cat: can't open '%s': No such file or directory", path)
			continue
		}
		_, _ = io.WriteString(sh.out, text)
	}
	return code
}

func (sh *shell) printEnv() int {
	names := make([]string, 0, len(sh.env))
	for name := range sh.env {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		_, _ = fmt.Fprintf(sh.out, "%s=%s\n", name, sh.env[name])
	}
	return 0
}

func (sh *shell) printenv(args []string) int {
	if len(args) == 0 {
		return sh.printEnv()
	}
	value, ok := sh.env[args[0]]
	if !ok {
		return 1
	}
	_, _ = fmt.Fprintln(sh.out, value)
	return 0
}

func (sh *shell) ls(args []string) int {
	dir := "/"
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			dir = strings.TrimSuffix(arg, "/") + "/"
		}
	}
	seen := map[string]bool{}
	for path := range sh.session.files() {
		if rest, ok := strings.CutPrefix(path, dir); ok {
			name, _, _ := strings.Cut(rest, "/")
			seen[name] = true
		}
	}
	if len(seen) == 0 {
		return sh.fail("ls: %s: No such file or directory", strings.TrimSuffix(dir, "/"))
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	_, _ = fmt.Fprintln(sh.out, strings.Join(names, "\n"))
	return 0
}

// environment is what a container would see: its pod's name, the API server and the literal variables of its spec.
func (s *session) environment() map[string]string {
	w := s.worker
	w.mu.Lock()
	defer w.mu.Unlock()
	env := map[string]string{
		"HOME": "/root", "HOSTNAME": w.pod.Name, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443",
	}
	for i := range w.pod.Spec.Containers {
		if c := &w.pod.Spec.Containers[i]; c.Name == s.container {
			for _, e := range c.Env {
				env[e.Name] = e.Value
				if e.ValueFrom != nil && e.ValueFrom.FieldRef != nil {
					env[e.Name] = downward(w, e.ValueFrom.FieldRef.FieldPath)
				}
			}
		}
	}
	return env
}

func downward(w *podWorker, path string) string {
	switch path {
	case "metadata.name":
		return w.pod.Name
	case "metadata.namespace":
		return w.pod.Namespace
	case "metadata.uid":
		return string(w.uid)
	case "spec.nodeName":
		return w.node.name
	case "status.podIP":
		return w.ip
	case "status.hostIP":
		return w.node.internalIP
	}
	return ""
}

// files are the few there are.
func (s *session) files() map[string]string {
	w := s.worker
	w.mu.Lock()
	defer w.mu.Unlock()
	return map[string]string{
		"/etc/hostname":        w.pod.Name + "\n",
		"/etc/hosts":           fmt.Sprintf("127.0.0.1\tlocalhost\n%s\t%s\n", w.ip, w.pod.Name),
		"/etc/os-release":      "NAME=\"Testbed Linux\"\nID=testbed\n",
		"/etc/resolv.conf":     "search " + w.pod.Namespace + ".svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\n",
		"/etc/app/config.yaml": "listen: :8080\nlogLevel: info\n",
		"/app/server":          "",
		"/var/run/secrets/kubernetes.io/serviceaccount/namespace": w.pod.Namespace,
	}
}

func (s *session) namespace() string {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	return s.worker.pod.Namespace
}
