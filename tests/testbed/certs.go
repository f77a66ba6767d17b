// certs.go: the certificate authorities, serving and client certificates and the service account key of a testbed.

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// pki is what the components need; every part is read from the directory when it is there already.
type pki struct {
	ca, foreignCA, frontProxyCA *keyPair
	serving, kubelet            *keyPair
	admin, expired, internal    *keyPair
	version1                    *keyPair
	frontProxy                  *keyPair
	serviceAccountKey           string
}

// keyPair is a certificate and its key, in memory and in files.
type keyPair struct {
	certFile, keyFile string
	certPEM, keyPEM   []byte
	cert              *x509.Certificate
	key               *ecdsa.PrivateKey
}

// request says what certificate is wanted.
type request struct {
	name      string
	user      string
	groups    []string
	authority bool
	server    bool
	expired   bool
	version1  bool
}

func ensurePKI(o *options) (*pki, error) {
	dir := o.path("pki")
	p := &pki{serviceAccountKey: filepath.Join(dir, "service-account.key")}
	steps := []struct {
		target *(*keyPair)
		signer *(*keyPair)
		req    request
	}{
		{&p.ca, nil, request{name: "ca", user: o.name + "-ca", authority: true}},
		{&p.foreignCA, nil, request{name: "foreign-ca", user: "foreign-ca", authority: true}},
		{&p.frontProxyCA, nil, request{name: "front-proxy-ca", user: "front-proxy-ca", authority: true}},
		{&p.serving, &p.ca, request{name: "serving", user: "kube-apiserver", server: true, expired: o.serveExpiredCert}},
		{&p.kubelet, &p.ca, request{name: "kubelet", user: "system:node", server: true}},
		{&p.admin, &p.ca, request{name: "admin", user: "testbed-admin", groups: []string{"system:masters"}}},
		{&p.expired, &p.ca, request{name: "expired", user: "testbed-admin", groups: []string{"system:masters"}, expired: true}},
		{&p.version1, &p.ca, request{name: "version1", user: "testbed-version1", groups: []string{"system:masters"}, version1: true}},
		{&p.internal, &p.ca, request{name: "internal", user: "testbed-internal", groups: []string{"system:masters"}}},
		{&p.frontProxy, &p.frontProxyCA, request{name: "front-proxy", user: "front-proxy"}},
	}
	for _, s := range steps {
		var signer *keyPair
		if s.signer != nil {
			signer = *s.signer
		}
		pair, err := ensurePair(dir, s.req, signer)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", s.req.name, err)
		}
		*s.target = pair
	}
	if _, err := os.Stat(p.serviceAccountKey); err == nil {
		return p, nil
	}
	_, keyPEM, err := newKey()
	if err != nil {
		return nil, err
	}
	return p, os.WriteFile(p.serviceAccountKey, keyPEM, 0o600)
}

// ensurePair reuses the stored pair unless it is expired and should not be, or the other way round.
func ensurePair(dir string, req request, signer *keyPair) (*keyPair, error) {
	pair := &keyPair{certFile: filepath.Join(dir, req.name+".crt"), keyFile: filepath.Join(dir, req.name+".key")}
	if err := pair.load(); err == nil && pair.cert.NotAfter.Before(time.Now()) == req.expired {
		return pair, nil
	}
	key, keyPEM, err := newKey()
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: req.user, Organization: req.groups},
		NotBefore:    now.Add(-365 * 24 * time.Hour),
		NotAfter:     now.Add(10 * 365 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	switch {
	case req.authority:
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage |= x509.KeyUsageCertSign
		template.ExtKeyUsage = nil
	case req.server:
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)}
	}
	if req.expired {
		template.NotAfter = now.Add(-24 * time.Hour)
	}
	parent, parentKey := template, key
	if signer != nil {
		parent, parentKey = signer.cert, signer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, err
	}
	if req.version1 {
		if der, err = asVersion1(der, parentKey); err != nil {
			return nil, err
		}
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(pair.keyFile, keyPEM, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(pair.certFile, certPEM, 0o600); err != nil {
		return nil, err
	}
	return pair, pair.load()
}

// asVersion1 signs a certificate anew as one of X.509 version 1, which has no extensions: what `openssl x509 -req` makes
// of a request.
func asVersion1(der []byte, signer *ecdsa.PrivateKey) ([]byte, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}} // ecdsa-with-SHA256
	raw := func(bytes []byte) asn1.RawValue { return asn1.RawValue{FullBytes: bytes} }
	body, err := asn1.Marshal(struct {
		Serial    *big.Int
		Algorithm pkix.AlgorithmIdentifier
		Issuer    asn1.RawValue
		Validity  struct{ NotBefore, NotAfter time.Time }
		Subject   asn1.RawValue
		Key       asn1.RawValue
	}{
		cert.SerialNumber, algorithm, raw(cert.RawIssuer),
		struct{ NotBefore, NotAfter time.Time }{cert.NotBefore, cert.NotAfter},
		raw(cert.RawSubject), raw(cert.RawSubjectPublicKeyInfo),
	})
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(body)
	signature, err := ecdsa.SignASN1(rand.Reader, signer, digest[:])
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(struct {
		Body      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{raw(body), algorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
}

func (p *keyPair) load() (err error) {
	if p.certPEM, err = os.ReadFile(p.certFile); err != nil {
		return err
	}
	if p.keyPEM, err = os.ReadFile(p.keyFile); err != nil {
		return err
	}
	certBlock, _ := pem.Decode(p.certPEM)
	keyBlock, _ := pem.Decode(p.keyPEM)
	if certBlock == nil || keyBlock == nil {
		return fmt.Errorf("%s or its key is damaged", p.certFile)
	}
	if p.cert, err = x509.ParseCertificate(certBlock.Bytes); err != nil {
		return err
	}
	p.key, err = x509.ParseECPrivateKey(keyBlock.Bytes)
	return err
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
