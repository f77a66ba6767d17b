// kubelet_server.go: the one HTTPS server behind all nodes: logs, exec, attach, port-forward and the metrics API.

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

const (
	streamIdleTimeout     = 4 * time.Hour
	streamCreationTimeout = 30 * time.Second
)

// serve listens before the nodes announce the port, and answers until the process ends.
func (k *kubelet) serve(ctx context.Context, p *pki) error {
	cert, err := tls.X509KeyPair(p.kubelet.certPEM, p.kubelet.keyPEM)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", k.opts.ports.Kubelet))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serveLogs)
	for _, method := range []string{"GET", "POST"} {
		mux.HandleFunc(method+" /exec/{namespace}/{pod}/{container}", k.serveExec)
		mux.HandleFunc(method+" /exec/{namespace}/{pod}/{uid}/{container}", k.serveExec)
		mux.HandleFunc(method+" /attach/{namespace}/{pod}/{container}", k.serveAttach)
		mux.HandleFunc(method+" /attach/{namespace}/{pod}/{uid}/{container}", k.serveAttach)
		mux.HandleFunc(method+" /portForward/{namespace}/{pod}", k.servePortForward)
		mux.HandleFunc(method+" /portForward/{namespace}/{pod}/{uid}", k.servePortForward)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	k.routeMetrics(mux)
	server := &http.Server{
		Handler:     mux,
		BaseContext: func(net.Listener) context.Context { return ctx },
		TLSConfig:   &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		ErrorLog:    stdlog.New(io.Discard, "", 0),
	}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return nil
}

// running finds the worker and container of a streaming request, or answers with the error.
func (k *kubelet) running(rw http.ResponseWriter, r *http.Request) *podWorker {
	w := k.worker(r.PathValue("namespace"), r.PathValue("pod"))
	if w == nil {
		http.Error(rw, "pod does not exist", http.StatusNotFound)
		return nil
	}
	if w.node.isDead() {
		panic(http.ErrAbortHandler)
	}
	name := r.PathValue("container")
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.find(name); name != "" && (c == nil || c.phase != phaseRunning) {
		http.Error(rw, fmt.Sprintf("container not found (%q)", name), http.StatusInternalServerError)
		return nil
	}
	return w
}

func (k *kubelet) serveExec(rw http.ResponseWriter, r *http.Request) {
	opts, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if w := k.running(rw, r); w != nil {
		remotecommand.ServeExec(rw, r, &session{w, r.PathValue("container")}, r.PathValue("pod"), string(w.uid), r.PathValue("container"),
			r.URL.Query()["command"], opts, streamIdleTimeout, streamCreationTimeout, remotecommand.SupportedStreamingProtocols)
	}
}

func (k *kubelet) serveAttach(rw http.ResponseWriter, r *http.Request) {
	opts, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if w := k.running(rw, r); w != nil {
		remotecommand.ServeAttach(rw, r, &session{w, r.PathValue("container")}, r.PathValue("pod"), string(w.uid), r.PathValue("container"),
			opts, streamIdleTimeout, streamCreationTimeout, remotecommand.SupportedStreamingProtocols)
	}
}

func (k *kubelet) servePortForward(rw http.ResponseWriter, r *http.Request) {
	opts, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if w := k.running(rw, r); w != nil {
		portforward.ServePortForward(rw, r, &session{worker: w}, r.PathValue("pod"), string(w.uid), opts,
			streamIdleTimeout, streamCreationTimeout, portforward.SupportedProtocols)
	}
}
