package rdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// Element is one element of a collection. Its bytes are valid until the next one.
type Element struct {
	Bytes []byte  // of a list or a set; the member of a sorted set; the field of a hash
	Value []byte  // of a field of a hash
	Score float64 // of a member of a sorted set; a number
}

// Elements reads the value of the key that Next has just returned, a list, set, sorted set or hash in any form, and
// calls visit with each element in the order of the file; lists from head to tail. That no element comes twice is not
// checked. It stops with the error that visit returns. Other errors are those of Next, and stay. There may be none at
// all: Redis 7.0 drops such keys.
//
// Of a file that is fed, it may fail with [ErrMore]: it goes on where it stopped when it is called again. So does Next.
func (r *Reader) Elements(visit func(Element) error) error {
	if r.err != nil {
		return r.err
	}
	e, v := r.value, &r.visitor
	v.visit, v.family = visit, e.Type.Family()
	err := r.elements(e, v)
	if err == ErrMore {
		r.value.Key = append([]byte(nil), e.Key...) // the next piece takes its place
		return err
	}
	if corrupt, ok := err.(*CorruptError); ok && !r.dump {
		corrupt.Reason = fmt.Sprintf("%v at key %q: %s", e.Type, e.Key, corrupt.Reason)
	}
	if err == nil {
		err = v.err
	}
	r.value, r.counted, r.left, r.visitor = Entry{}, false, 0, visitor{first: v.first[:0]}
	r.err = err
	return err
}

// count reads how many elements there are, unless that was read before.
func (r *Reader) count(what string) error {
	if r.counted {
		return nil
	}
	from := r.at
	n, err := r.length(what)
	if err != nil {
		r.at = from
		return err
	}
	r.left, r.counted = n, true
	return nil
}

// visitor brings the strings of a compact form together into elements.
type visitor struct {
	visit  func(Element) error
	family Family
	first  []byte // of a pair, if half
	half   bool
	bad    string // what is wrong with the strings
	err    error  // of visit
}

func (v *visitor) string(s []byte) {
	switch {
	case v.err != nil || v.bad != "":
	case v.family != HashFamily && v.family != ZSetFamily:
		v.err = v.visit(Element{Bytes: s})
	case !v.half:
		v.first, v.half = append(v.first[:0], s...), true
	case v.family == HashFamily:
		v.half = false
		v.err = v.visit(Element{Bytes: v.first, Value: s})
	default:
		v.half = false
		score, ok := parseScore(s)
		if !ok {
			v.bad = fmt.Sprintf("score %q of member %q", s, v.first)
			return
		}
		v.err = v.visit(Element{Bytes: v.first, Score: score})
	}
}

func parseScore(s []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(s), 64)
	return f, err == nil && !math.IsNaN(f)
}

func (r *Reader) elements(e Entry, v *visitor) error {
	switch e.Type {
	case TypeList, TypeSet, TypeHash:
		return r.strings(e.Type, v)
	case TypeZSet, TypeZSet2:
		return r.scored(e.Type, v)
	case TypeListQuicklist, TypeListQuicklist2:
		return r.quicklist(e.Type, v)
	case TypeListZiplist, TypeZSetZiplist, TypeHashZiplist:
		return r.blob(walkZiplist, v)
	case TypeHashListpack, TypeZSetListpack, TypeSetListpack:
		return r.blob(walkListpack, v)
	case TypeSetIntset:
		return r.blob(walkIntset, v)
	case TypeHashZipmap:
		return r.blob(walkZipmap, v)
	}
	return r.corrupt(e.Offset, "a value of type %d has no elements", e.Type)
}

func (r *Reader) strings(t Type, v *visitor) error {
	if err := r.count("number of elements"); err != nil {
		return err
	}
	pair := 1
	if t == TypeHash {
		pair = 2
	}
	for ; r.left > 0 && v.err == nil; r.left-- {
		from := r.at
		for range pair {
			s, _, _, err := r.string(&r.str, "element")
			if err != nil {
				r.at, v.half = from, false
				return err
			}
			v.string(s)
		}
	}
	return nil
}

func (r *Reader) scored(t Type, v *visitor) error {
	if err := r.count("number of members"); err != nil {
		return err
	}
	for ; r.left > 0 && v.err == nil; r.left-- {
		start := r.at
		member, _, _, err := r.string(&r.str, "member")
		if err != nil {
			r.at = start
			return err
		}
		from := r.Offset()
		score, err := r.score(t)
		if err != nil {
			r.at = start
			return err
		}
		if math.IsNaN(score) {
			return r.corrupt(from, "score of member %q is no number", member)
		}
		v.err = v.visit(Element{Bytes: member, Score: score})
	}
	return nil
}

func (r *Reader) score(t Type) (float64, error) {
	if t == TypeZSet2 {
		b, err := r.bytes(8, "score")
		if err != nil {
			return 0, err
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
	}
	const nan, positive, negative = 253, 254, 255 // instead of the length of a text
	from := r.Offset()
	n, err := r.byte("score")
	if err != nil {
		return 0, err
	}
	switch n {
	case nan:
		return math.NaN(), nil
	case positive:
		return math.Inf(1), nil
	case negative:
		return math.Inf(-1), nil
	}
	text, err := r.bytes(uint64(n), "score")
	if err != nil {
		return 0, err
	}
	score, ok := parseScore(text)
	if !ok {
		return 0, r.corrupt(from, "score %q", text)
	}
	return score, nil
}

// quicklist reads a list of nodes: ziplists, or since 7.0 listpacks and elements too long for one.
func (r *Reader) quicklist(t Type, v *visitor) error {
	if err := r.count("number of nodes"); err != nil {
		return err
	}
	for ; r.left > 0 && v.err == nil; r.left-- {
		from := r.at
		if err := r.quicklistNode(t, v); err != nil {
			r.at = from
			return err
		}
	}
	return nil
}

func (r *Reader) quicklistNode(t Type, v *visitor) error {
	const plain, packed = 1, 2
	if t == TypeListQuicklist {
		return r.blob(walkZiplist, v)
	}
	from := r.Offset()
	container, err := r.length("kind of a node")
	switch {
	case err != nil:
		return err
	case container == plain:
		s, _, _, err := r.string(&r.str, "element")
		if err == nil {
			v.string(s)
		}
		return err
	case container == packed:
		return r.blob(walkListpack, v)
	}
	return r.corrupt(from, "node of the unknown kind %d", container)
}

// blob reads a string that is a compact form of many.
func (r *Reader) blob(walk func(b []byte, visit func(s []byte)) (problem string), v *visitor) error {
	start, from := r.at, r.Offset()
	b, _, _, err := r.string(&r.str, "compact value")
	if err != nil {
		r.at = start
		return err
	}
	if problem := walk(b, v.string); problem != "" {
		return r.corrupt(from, "%s", problem)
	}
	if v.half {
		return r.corrupt(from, "an odd number of strings")
	}
	if v.bad != "" {
		return r.corrupt(from, "%s", v.bad)
	}
	return nil
}
