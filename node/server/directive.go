package server

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/conf"
)

// directive is one option of redis.conf: how it is read, printed, set at run time and rewritten.
type directive struct {
	name string
	// read takes the words of a line of the file, from the option's name on. It returns the reason for which the
	// server refuses to start, or "".
	read func(c *config, words []string) string
	// get prints the value for CONFIG GET; nil: it is not told.
	get func(s *Server) string
	// set takes a new value at run time; nil: it cannot be set. It returns false if the value is no good.
	set func(s *Server, value string) bool
	// why is the sentence with which a value is refused that would need what the server does not do, "" if it does all.
	why string
	// changed tells the parts of the server that have to know that the value is another one now.
	changed func(s *Server)
	// byDefault gives the option its default.
	byDefault func(c *config)
	// rewrite states the option for CONFIG REWRITE; nil: the file's lines of it are left alone.
	rewrite func(s *Server, r *conf.Rewriter)
}

// then adds what has to happen after the option was set at run time.
func (d directive) then(changed func(*Server)) directive {
	d.changed = changed
	return d
}

// atStart makes an option one that cannot be set at run time.
func (d directive) atStart() directive {
	d.set = nil
	return d
}

// secret keeps an option out of CONFIG GET.
func (d directive) secret() directive {
	d.get = nil
	return d
}

// word1 reads a line with one value.
func word1(read func(c *config, value string) string) func(*config, []string) string {
	return func(c *config, words []string) string {
		if len(words) != 2 {
			return conf.BadDirective
		}
		return read(c, words[1])
	}
}

func yesNo(name string, field func(*config) *bool, byDefault bool) directive {
	return directive{
		name: name,
		read: word1(func(c *config, value string) string {
			yes, ok := conf.ParseYesNo(value)
			if !ok {
				return conf.NotYesOrNo
			}
			*field(c) = yes
			return ""
		}),
		get: func(s *Server) string { return conf.FormatYesNo(*field(&s.cfg)) },
		set: func(s *Server, value string) bool {
			yes, ok := conf.ParseYesNo(value)
			if ok {
				*field(&s.cfg) = yes
			}
			return ok
		},
		byDefault: func(c *config) { *field(c) = byDefault },
		rewrite:   func(s *Server, r *conf.Rewriter) { r.YesNo(name, *field(&s.cfg), byDefault) },
	}
}

// number is an option within [low, high]; reason is what a file with another value is refused for, "" for the
// usual one.
func number(name string, field func(*config) *int64, byDefault, low, high int64, reason string) directive {
	if reason == "" {
		reason = conf.BadDirective
	}
	d := quantity(name, field, byDefault, reason, func(value string) (int64, bool) { return conf.ParseInt(value, low, high) })
	d.rewrite = func(s *Server, r *conf.Rewriter) { r.Int(name, *field(&s.cfg), byDefault) }
	return d
}

// size is an option in bytes, of at least low; a smaller one is refused for reason.
func size(name string, field func(*config) *int64, byDefault, low int64, reason string) directive {
	d := quantity(name, field, byDefault, reason, func(value string) (int64, bool) {
		n, ok := conf.ParseBytes(value)
		return n, ok && n >= low
	})
	d.rewrite = func(s *Server, r *conf.Rewriter) { r.Bytes(name, *field(&s.cfg), byDefault) }
	return d
}

// quantity is an option that is an integer, however it is written; a file with one that does not parse is refused for
// reason.
func quantity(name string, field func(*config) *int64, byDefault int64, reason string, parse func(string) (int64, bool)) directive {
	take := func(c *config, value string) bool {
		n, ok := parse(value)
		if ok {
			*field(c) = n
		}
		return ok
	}
	return directive{
		name: name,
		read: word1(func(c *config, value string) string {
			if !take(c, value) {
				return reason
			}
			return ""
		}),
		get:       func(s *Server) string { return strconv.FormatInt(*field(&s.cfg), 10) },
		set:       func(s *Server, value string) bool { return take(&s.cfg, value) },
		byDefault: func(c *config) { *field(c) = byDefault },
	}
}

// text is an option that is any string. reject says why a value is no good, "" if it is.
func text(name string, field func(*config) *string, byDefault string, reject func(string) string) directive {
	if reject == nil {
		reject = func(string) string { return "" }
	}
	return directive{
		name: name,
		read: word1(func(c *config, value string) string {
			if reason := reject(value); reason != "" {
				return reason
			}
			*field(c) = value
			return ""
		}),
		get: func(s *Server) string { return *field(&s.cfg) },
		set: func(s *Server, value string) bool {
			if reject(value) != "" {
				return false
			}
			*field(&s.cfg) = value
			return true
		},
		byDefault: func(c *config) { *field(c) = byDefault },
		rewrite:   func(s *Server, r *conf.Rewriter) { r.String(name, *field(&s.cfg), byDefault) },
	}
}

// word is an option that is one of a few words; a file with another one is refused for reason.
func word(name string, field func(*config) *string, byDefault, reason string, words ...string) directive {
	take := func(c *config, value string) bool {
		for _, w := range words {
			if strings.EqualFold(w, value) {
				*field(c) = w
				return true
			}
		}
		return false
	}
	return directive{
		name: name,
		read: word1(func(c *config, value string) string {
			if !take(c, value) {
				return reason
			}
			return ""
		}),
		get:       func(s *Server) string { return *field(&s.cfg) },
		set:       func(s *Server, value string) bool { return take(&s.cfg, value) },
		byDefault: func(c *config) { *field(c) = byDefault },
		rewrite:   func(s *Server, r *conf.Rewriter) { r.Word(name, *field(&s.cfg), byDefault) },
	}
}

// What this server does not do, and so cannot be told to do otherwise: the reason why a directive has one value only.
const (
	noKernelSettings = "this server leaves its sockets as they are by default: tcp-backlog 511, tcp-keepalive " +
		"300, repl-disable-tcp-nodelay no"
	noSyslog          = "this server writes no syslog: use logfile"
	noSupervision     = "this server does not speak to a supervisor: leave supervised at no"
	noDefrag          = "this server moves no memory: leave activedefrag at no and what belongs to it at its default"
	noListCompression = "this server compresses no lists in memory: leave list-compress-depth at 0"
	noWatchdog        = "this server has no watchdog: leave watchdog-period at 0"
	noCluster         = "cluster mode is not available in this server"
	alwaysRehashes    = "tables of this server always grow bit by bit: leave activerehashing at yes"
	alwaysLazy        = "this server always gives memory back beside its work, whatever asked for it: leave the " +
		"option at no"
)

// fixed is an option of which only one value can be had, its default; why says so in one sentence.
func fixed(name, only, why string) directive {
	return directive{
		name: name,
		read: word1(func(_ *config, value string) string {
			if !sameSetting(value, only) {
				return why
			}
			return ""
		}),
		get: func(*Server) string { return only },
		set: func(_ *Server, value string) bool { return sameSetting(value, only) },
		why: why,
	}
}

// sameSetting says whether two spellings mean the same: sizes may have units, words any case.
func sameSetting(a, b string) bool {
	n, ok1 := conf.ParseBytes(a)
	m, ok2 := conf.ParseBytes(b)
	if ok1 && ok2 {
		return n == m
	}
	return strings.EqualFold(a, b)
}

// atRuntime makes an option one that files do not have.
func (d directive) atRuntime() directive {
	d.read = func(*config, []string) string { return conf.BadDirective }
	return d
}

// refused is an option that this server does not have; its files cannot be served.
func refused(name, reason string) directive {
	return directive{name: name, read: func(*config, []string) string { return reason }, why: reason}
}
