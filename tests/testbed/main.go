// main.go: the flags, the order in which the parts start, and the one JSON line on stdout when the cluster is ready.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
	"k8s.io/client-go/rest"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/version"
	"k8s.io/klog/v2"
)

// stdout is the original standard output: the ready line goes there, everything else to the log.
var stdout = os.Stdout

func main() {
	// Three components share one logging configuration; applying it again unchanged must not fail.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	rest.SetDefaultWarningHandler(rest.NoWarnings{})

	opts, err := parseOptions(os.Args[1:])
	switch {
	case errors.Is(err, pflag.ErrHelp):
		err = nil
	case err != nil:
	case opts.printVersions:
		err = printVersions()
	case opts.mergeTo != "":
		err = mergeKubeconfigs(opts.mergeTo, opts.mergeFrom)
	default:
		err = run(opts)
	}
	os.Exit(exitCode(err))
}

// run starts the whole cluster and returns when it is told to stop or a part of it fails.
func run(o *options) error {
	for _, d := range []string{o.dir, o.path("pki"), o.path("flex")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	unlock, err := lockDir(o.dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := o.choosePorts(); err != nil {
		return err
	}
	if err := redirectOutput(o.path("testbed.log")); err != nil {
		return err
	}
	if err := os.WriteFile(o.path("pid"), fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		return err
	}
	if err := version.SetDynamicVersion(o.gitVersion); err != nil {
		return fmt.Errorf("--git-version %s: %w", o.gitVersion, err)
	}
	debug.SetGCPercent(o.gcPercent)

	stop := make(chan os.Signal, 4)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	failed := make(chan error, 8)
	if o.dieWithStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- syscall.SIGTERM
		}()
	}
	go func() {
		if err := start(ctx, o, failed); err != nil {
			failed <- err
		}
	}()

	select {
	case s := <-stop:
		klog.InfoS("Stopping", "signal", s.String())
		// The data is in the page cache after every write, so nothing has to be flushed: a graceful
		// stop of all parts takes seconds, leaving takes none.
		go cancel()
		time.Sleep(50 * time.Millisecond)
		return nil
	case err := <-failed:
		klog.ErrorS(err, "A part of the cluster failed")
		return err
	}
}

// start brings up the parts one after the other; parts that end later report through failed.
func start(ctx context.Context, o *options, failed chan<- error) error {
	began := time.Now()
	pki, err := ensurePKI(o)
	if err != nil {
		return err
	}
	users, err := ensureUsers(o, pki)
	if err != nil {
		return err
	}
	api, err := newAPIServer(o, pki)
	if err != nil {
		return err
	}
	kcm, err := newControllerManager(o, pki)
	if err != nil {
		return err
	}
	sched, err := newScheduler(o, pki)
	if err != nil {
		return err
	}
	if err := api.applyGlobals(); err != nil {
		return err
	}
	if err := startEtcd(o); err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	go func() { failed <- fmt.Errorf("kube-apiserver ended: %w", orDone(api.run(ctx))) }()

	client, err := newClients(o)
	if err != nil {
		return err
	}
	if err := client.waitReadyz(ctx); err != nil {
		return err
	}
	klog.InfoS("API server is ready", "after", time.Since(began))

	// The node objects come first, so that a restart does not look like a dead node to the controllers.
	if err := startKubelet(ctx, o, pki, client); err != nil {
		return fmt.Errorf("kubelet: %w", err)
	}
	go func() { failed <- fmt.Errorf("kube-controller-manager ended: %w", orDone(kcm.run(ctx))) }()
	go func() { failed <- fmt.Errorf("kube-scheduler ended: %w", orDone(sched.run(ctx))) }()
	if err := ensureObjects(ctx, o, client); err != nil {
		return err
	}
	if err := client.waitUsable(ctx, o); err != nil {
		return err
	}
	if o.seed {
		if err := seed(ctx, client); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	klog.InfoS("Cluster is ready", "after", time.Since(began))
	return printReady(o, users, time.Since(began))
}

// readyLine is the one line a harness waits for.
type readyLine struct {
	Ready       bool              `json:"ready"`
	Name        string            `json:"name"`
	PID         int               `json:"pid"`
	Server      string            `json:"server"`
	Dir         string            `json:"dir"`
	Log         string            `json:"log"`
	Context     string            `json:"context"`
	Kubeconfigs map[string]string `json:"kubeconfigs"`
	Ports       ports             `json:"ports"`
	Version     string            `json:"version"`
	Nodes       int               `json:"nodes"`
	StartMillis int64             `json:"startMillis"`
}

func printReady(o *options, kubeconfigs map[string]string, took time.Duration) error {
	line, err := json.Marshal(readyLine{
		Ready: true, Name: o.name, PID: os.Getpid(), Server: o.server(), Dir: o.dir, Log: o.path("testbed.log"),
		Context: o.contextName, Kubeconfigs: kubeconfigs, Ports: o.ports, Version: o.gitVersion, Nodes: o.nodes,
		StartMillis: took.Milliseconds(),
	})
	if err != nil {
		return err
	}
	_, err = stdout.Write(append(line, '\n'))
	return err
}

// printVersions tells what is built in, for a report or a skip message of a test.
func printVersions() error {
	out := map[string]string{"kubernetes": version.Get().GitVersion, "go": runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch m.Path {
			case "go.etcd.io/etcd/server/v3":
				out["etcd"] = m.Version
			case "k8s.io/client-go":
				out["client-go"] = m.Version
				if m.Replace != nil {
					out["client-go"] = m.Replace.Version
				}
			}
		}
	}
	line, err := json.Marshal(out)
	if err == nil {
		_, err = fmt.Fprintln(stdout, string(line))
	}
	return err
}

// redirectOutput sends file descriptors 1 and 2, and with them every log line and panic, to the log file.
func redirectOutput(path string) error {
	fd, err := unix.Dup(1)
	if err != nil {
		return err
	}
	unix.CloseOnExec(fd)
	stdout = os.NewFile(uintptr(fd), "stdout")
	errFd, err := unix.Dup(2)
	if err != nil {
		return err
	}
	unix.CloseOnExec(errFd)
	stderr = os.NewFile(uintptr(errFd), "stderr")
	log, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for _, target := range []int{1, 2} {
		if err := unix.Dup2(int(log.Fd()), target); err != nil {
			return err
		}
	}
	return nil
}

// stderr is the original standard error: only the reason of a failed start goes there.
var stderr = os.Stderr

func exitCode(err error) int {
	klog.Flush()
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "testbed:", err)
	return 1
}

// orDone gives an ended part a reason when it returned none.
func orDone(err error) error {
	if err == nil {
		return context.Canceled
	}
	return err
}
