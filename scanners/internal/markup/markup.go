// Package markup finds what acts in HTML: scripts, handlers, frames, addresses
// that run something, and text that a page hides from people but not from models.
//
// # Security
//
// The text goes through a tokenizer that never fails and keeps at most 1 MiB of
// one token; what is longer ends the search, and Find says so.
package markup

import (
	"errors"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/prose"
)

// Kind is what a sign is a sign of. The zero value is no kind.
type Kind uint8

// The kinds.
const (
	_       Kind = iota
	Script       // JavaScript in the page, or from elsewhere
	Handler      // an attribute that runs JavaScript
	Frame        // a page or an object in the page
	Launch       // an address that starts a program or a script
	Hidden       // an instruction in text that is not shown
)

// Sign is one thing found in the markup.
type Sign struct {
	Kind   Kind
	Offset int64
	What   string
}

// ErrLong says that a token was too long to be kept.
var ErrLong = errors.New("a tag or text of more than 1 MiB")

// maxToken is the size of the longest token that is kept, in bytes.
const maxToken = 1 << 20

// activeTypes of scripts are run; others (JSON, templates) are data.
var activeType = regexp.MustCompile(`(?i)^\s*$|javascript|ecmascript|module|babel|jsx|vbscript|importmap|livescript`)

// frames load another document into the page.
var frames = map[string]bool{"iframe": true, "frame": true, "object": true, "embed": true, "applet": true, "portal": true, "hta:application": true, "base": true}

// launches are schemes whose addresses run something.
var launches = regexp.MustCompile(`(?i)^(?:javascript|vbscript|data:text/html|data:application|ms-(?:msdt|officecmd|appinstaller|search)|search-ms|shell|hcp|its|mk|jar|file):?`)

// hiding styles take text out of sight.
var hiding = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?:[;"\s]|$)|(?:left|top|text-indent)\s*:\s*-\d{3,}px|color\s*:\s*(?:white|#fff(?:fff)?)\b`)

// Find returns all signs, at most 64.
func Find(r io.Reader) ([]Sign, error) {
	f := finder{z: html.NewTokenizer(r)}
	f.z.SetMaxBuf(maxToken)
	for {
		kind := f.z.Next()
		if kind == html.ErrorToken {
			err := f.z.Err()
			switch {
			case errors.Is(err, io.EOF):
				return f.out, nil
			case errors.Is(err, html.ErrBufferExceeded):
				return f.out, ErrLong
			}
			return f.out, err
		}
		raw := f.z.Raw()
		length := int64(len(raw))
		f.token(kind)
		f.at += length
	}
}

type finder struct {
	z      *html.Tokenizer
	at     int64
	out    []Sign
	hidden int // open elements that are not shown
	script bool
}

func (f *finder) add(k Kind, what string) {
	if len(f.out) < 64 {
		f.out = append(f.out, Sign{k, f.at, what})
	}
}

func (f *finder) token(kind html.TokenType) {
	switch kind {
	case html.StartTagToken, html.SelfClosingTagToken:
		f.tag(kind == html.StartTagToken)
	case html.EndTagToken:
		f.hidden = max(0, f.hidden-1)
		f.script = false
	case html.TextToken:
		text := string(f.z.Text())
		if f.script && strings.TrimSpace(text) != "" {
			f.add(Script, "a script: "+clip.Quote(strings.TrimSpace(text), 80))
			f.script = false
		}
		if f.hidden > 0 {
			f.unseen(text)
		}
	case html.CommentToken:
		f.unseen(string(f.z.Text()))
	}
}

// unseen reports an instruction in text that nobody sees.
func (f *finder) unseen(text string) {
	for _, sign := range prose.Signs(text[:min(len(text), 64<<10)]) {
		if sign.Kind == prose.Instruction {
			f.add(Hidden, "text that is not shown: "+sign.What)
		}
	}
}

func (f *finder) tag(opens bool) {
	nameBytes, more := f.z.TagName()
	name := strings.ToLower(string(nameBytes))
	source, kind, hidden, refresh := "", "", f.hidden > 0 && opens && !void[name], false
	for more {
		var key, value []byte
		key, value, more = f.z.TagAttr()
		k, v := strings.ToLower(string(key)), string(value)
		switch {
		case len(k) > 2 && strings.HasPrefix(k, "on"):
			f.add(Handler, "the event handler "+clip.Quote(k, 40)+": "+clip.Quote(v, 80))
		case k == "src" || k == "data" || k == "code":
			source = v
			f.address(k, v)
		case k == "href" || k == "action" || k == "formaction" || k == "xlink:href" || k == "background" || k == "srcdoc":
			f.address(k, v)
		case k == "type":
			kind = v
		case k == "style":
			hidden = hidden || opens && hiding.MatchString(v) && !void[name]
		case k == "hidden":
			hidden = opens && !void[name]
		case k == "content":
			refresh = strings.Contains(strings.ToLower(v), "url=")
		}
	}
	f.element(name, source, kind, refresh, opens)
	if hidden {
		f.hidden++
	}
}

func (f *finder) element(name, source, kind string, refresh, opens bool) {
	switch {
	case name == "script" && activeType.MatchString(kind):
		if source != "" {
			f.add(Script, "a script from "+clip.Quote(source, 120))
		}
		f.script = opens && source == ""
	case frames[name]:
		f.add(Frame, "the element "+name+" "+clip.Quote(source, 120))
	case name == "meta" && refresh:
		f.add(Frame, "a page that goes elsewhere by itself")
	}
}

// void elements have no end.
var void = map[string]bool{"img": true, "br": true, "hr": true, "input": true, "meta": true, "link": true, "source": true, "col": true, "area": true, "wbr": true, "p": true, "li": true}

func (f *finder) address(attribute, value string) {
	plain := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, value)
	if m := launches.FindString(plain); strings.HasSuffix(m, ":") || strings.HasPrefix(strings.ToLower(m), "data:") {
		f.add(Launch, attribute+"="+clip.Quote(value, 100))
	}
}
