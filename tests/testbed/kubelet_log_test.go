// kubelet_log_test.go: the arithmetic of computed logs: counting and times agree, an end cuts nothing and adds its words.

package main

import (
	"strings"
	"testing"
	"time"
)

func TestCountAndTimeAgree(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 123456789, time.UTC)
	for _, spec := range []logSpec{
		{lines: 20, rate: 0.5, rotate: 1000}, {lines: 0, rate: 3, rotate: 1000}, {lines: 5, rate: 0, rotate: 1000},
		{lines: 1_000_000, rate: 20_000, rotate: 1000}, {lines: 1, rate: 333.3, rotate: 1000},
	} {
		l := &runLog{spec: spec, started: start, step: lineStep, seed: 7}
		if spec.lines > 0 {
			l.step = min(lineStep, startUpTakes/time.Duration(spec.lines))
		}
		for ms := range 5000 {
			now := start.Add(time.Duration(ms) * time.Millisecond)
			n := l.count(now)
			if n > 0 && l.time(n-1).After(now) {
				t.Fatalf("%+v: line %d of %d counted %d ms after the start lies ahead", spec, n-1, n, ms)
			}
			if !l.time(n).After(now) {
				t.Fatalf("%+v: line %d is not counted %d ms after the start", spec, n, ms)
			}
		}
	}
}

func TestEndKeepsLinesAndAddsLastWords(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	l := &runLog{spec: logSpec{lines: 20, rate: 10, rotate: 1000}, started: start, step: lineStep, pod: "web-1", namespace: "shop"}
	end := start.Add(3 * time.Second)
	before := l.count(end)
	l.end(end, 137, reasonOOMKilled)
	if l.body != before || l.count(end) != before+int64(len(l.last)) {
		t.Fatalf("%d lines before the end, %d ordinary and %d in all after it", before, l.body, l.count(end))
	}
	last, _ := l.line(nil, l.count(end)-1)
	if !strings.Contains(string(last), "shop/web-1") || !strings.Contains(string(last), "137") {
		t.Errorf("last line %q names neither pod nor exit code", last)
	}
	for i := int64(1); i < l.count(end); i++ {
		if l.time(i).Before(l.time(i - 1)) {
			t.Fatalf("line %d is older than line %d", i, i-1)
		}
	}
}

func TestFileStartFollowsRotation(t *testing.T) {
	l := &runLog{spec: logSpec{rotate: 100}}
	for n, want := range map[int64]int64{0: 0, 1: 0, 100: 0, 101: 100, 250: 200} {
		if got := l.fileStart(n); got != want {
			t.Errorf("the file of %d lines begins at %d, not %d", n, got, want)
		}
	}
}

func TestShellWords(t *testing.T) {
	sh := &shell{env: map[string]string{"A": "x y"}, status: 3}
	for text, want := range map[string]string{
		`echo "$A" '$A' b\ c ${A}z $? $`: "echo|x y|$A|b c|x yz|3|$",
		`  `:                             "",
		`echo ""`:                        "echo|",
	} {
		if got := strings.Join(sh.words(text), "|"); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
	parts := splitScript(`a; b && c 'd;e' || f`)
	if len(parts) != 4 || parts[1].joint != "&&" || parts[2].joint != "||" || !strings.Contains(parts[2].text, "d;e") {
		t.Errorf("parts %+v", parts)
	}
}
