// etcd.go: the embedded store, tuned for speed: no fsync, small write-ahead log.

package main

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// startEtcd returns when the store takes requests. Data outlives kill -9 of the process, not of the machine.
func startEtcd(o *options) error {
	wal.SegmentSizeBytes = 4 << 20
	client := url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", o.ports.Etcd)}
	peer := url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", o.ports.Peer)}
	cfg := embed.NewConfig()
	cfg.Dir = o.path("etcd")
	cfg.LogLevel = "error"
	cfg.UnsafeNoFsync = true
	cfg.QuotaBackendBytes = 1 << 30
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	cfg.InitialCluster = cfg.Name + "=" + peer.String()
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	select {
	case <-e.Server.ReadyNotify():
		return nil
	case err := <-e.Err():
		return err
	case <-time.After(30 * time.Second):
		return errors.New("not ready after 30 s")
	}
}
