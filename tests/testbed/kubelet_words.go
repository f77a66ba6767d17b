// kubelet_words.go: the toy shell's reading of a script: joints, quotes, variables.

package main

import (
	"strconv"
	"strings"
)

// scriptPart is one command and what joins it to the next.
type scriptPart struct{ text, joint string }

// splitScript cuts at joints outside quotes.
func splitScript(text string) (parts []scriptPart) {
	var quote byte
	from := 0
	cut := func(at int, joint string, skip int) int {
		parts = append(parts, scriptPart{text[from:at], joint})
		from = at + skip
		return from - 1
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ';' || c == '\n':
			i = cut(i, ";", 1)
		case strings.HasPrefix(text[i:], "&&") || strings.HasPrefix(text[i:], "||"):
			i = cut(i, text[i:i+2], 2)
		}
	}
	return append(parts, scriptPart{text[from:], ""})
}

// words splits a command, removes quotes and fills in variables (not within single quotes).
func (sh *shell) words(text string) (words []string) {
	var word strings.Builder
	var quote byte
	open := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
			open = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		case c == '$' && quote != '\'':
			name, length := variable(text[i+1:])
			if length == 0 {
				word.WriteByte('$')
			} else if name == "?" {
				word.WriteString(strconv.Itoa(sh.status))
			} else {
				word.WriteString(sh.env[name])
			}
			i += length
			open = true
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words
}

// variable reads a name after a dollar sign and tells how many bytes it took.
func variable(text string) (name string, length int) {
	if strings.HasPrefix(text, "?") {
		return "?", 1
	}
	if strings.HasPrefix(text, "{") {
		if end := strings.IndexByte(text, '}'); end > 0 {
			return text[1:end], end + 1
		}
	}
	for length < len(text) && (text[length] == '_' || text[length]|0x20 >= 'a' && text[length]|0x20 <= 'z' || length > 0 && text[length] >= '0' && text[length] <= '9') {
		length++
	}
	return text[:length], length
}

// terminalWriter turns line ends into those of a terminal.
type terminalWriter struct {
	to interface{ Write([]byte) (int, error) }
}

func (t *terminalWriter) Write(p []byte) (int, error) {
	if _, err := t.to.Write([]byte(strings.ReplaceAll(string(p), "\n", "\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func init() {
	commands["sh"] = func(sh *shell, args []string) int {
		if len(args) > 1 && args[0] == "-c" {
			status := sh.script(args[1])
			sh.leave = false
			return status
		}
		return sh.fail("sh: only -c here")
	}
}
