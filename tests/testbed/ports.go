// ports.go: the four ports of a testbed, chosen once and remembered in its directory, and the lock on that directory.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// ports are consecutive; all of them listen on 127.0.0.1 only.
type ports struct {
	API     int `json:"api"`
	Etcd    int `json:"etcd"`
	Peer    int `json:"peer"`
	Kubelet int `json:"kubelet"`
}

func portsFrom(base int) ports { return ports{base, base + 1, base + 2, base + 3} }

// Free ports are looked for below the range from which systems give out ports for outgoing connections.
const (
	lowestBase  = 20000
	highestBase = 32000
)

// predecessorLimit is how long a killed process may take to let go of its lock and ports.
const predecessorLimit = 5 * time.Second

// choosePorts uses --port, else what the directory remembers, else a free block of four.
func (o *options) choosePorts() error {
	file := o.path("ports.json")
	var remembered ports
	if raw, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(raw, &remembered); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	base := o.port
	if base == 0 {
		base = remembered.API
	}
	if base == 0 {
		for range 200 {
			candidate := lowestBase + 4*rand.IntN((highestBase-lowestBase)/4)
			if claimBase(candidate) && allFree(portsFrom(candidate)) == nil {
				base = candidate
				break
			}
		}
		if base == 0 {
			return errors.New("found no four free ports")
		}
	} else {
		claimBase(base)
		err := allFree(portsFrom(base))
		for deadline := time.Now().Add(predecessorLimit); err != nil && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
			err = allFree(portsFrom(base))
		}
		if err != nil {
			return err
		}
	}
	o.ports = portsFrom(base)
	raw, err := json.Marshal(o.ports)
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}

// allFree tells which port, if any, is taken by somebody else.
func allFree(p ports) error {
	for _, port := range []int{p.API, p.Etcd, p.Peer, p.Kubelet} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return fmt.Errorf("port %d is taken: %w", port, err)
		}
		_ = l.Close()
	}
	return nil
}

// claimBase keeps two testbeds that start at the same moment from choosing the same block: the lock is
// held until the process ends.
func claimBase(base int) bool {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("skyfleet-testbed-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false
	}
	f, err := os.OpenFile(filepath.Join(dir, fmt.Sprint(base)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return false
	}
	claimed = append(claimed, f)
	return true
}

// claimed keeps the lock files open.
var claimed []*os.File

// lockDir refuses a second testbed on the same directory.
func lockDir(dir string) (func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	for deadline := time.Now().Add(predecessorLimit); err != nil && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another testbed runs in %s", dir)
	}
	return func() { _ = f.Close() }, nil
}
