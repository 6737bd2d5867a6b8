package histories

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mapping says how a history of another tool is to be understood: which of its functions is which of a model's, where the
// key is, and which failures are answers.
type Mapping struct {
	Funcs map[string]string // their :f → [Operation].Func
	Key   path              // where the key is; zero: in the field key, if there is one
	Value path              // where the argument is; zero: in the field value
	Told  map[string]Value  // their :f → what an operation found that ended as :fail, which without this did not happen
}

// path is the name of a field and places in the list that it has.
type path struct {
	field string
	at    []int
}

// ParseMapping reads a mapping: entries with commas between.
//
//	get=read            their function get is read
//	:key=:value.0       the key is the first of the list in :value, as in Jepsen's independent tests
//	:value=:value.1     the argument is the second
//	cas:fail=false      a cas that failed was told false: it did happen, and found another value
//
// Without it get and r are read, put and w are write.
func ParseMapping(text string) (Mapping, error) {
	m := Mapping{Funcs: map[string]string{"get": FuncRead, "r": FuncRead, "put": FuncWrite, "w": FuncWrite},
		Told: map[string]Value{}}
	for _, entry := range strings.Split(text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		theirs, ours, ok := strings.Cut(entry, "=")
		if !ok || theirs == "" || ours == "" {
			return m, fmt.Errorf("mapping %q: write THEIRS=OURS, as get=read, :key=:value.0 or cas:fail=false", entry)
		}
		function, isTold := strings.CutSuffix(theirs, ":fail")
		var err error
		switch {
		case theirs == ":key":
			m.Key, err = parsePath(ours)
		case theirs == ":value":
			m.Value, err = parsePath(ours)
		case theirs[0] == ':':
			err = fmt.Errorf("there is no field %s of ours: there are :key and :value", theirs)
		case isTold:
			m.Told[function], err = ParseValue(ours)
		default:
			m.Funcs[theirs] = ours
		}
		if err != nil {
			return m, fmt.Errorf("mapping %q: %w", entry, err)
		}
	}
	return m, nil
}

func parsePath(text string) (path, error) {
	name, ok := strings.CutPrefix(text, ":")
	words := strings.Split(name, ".")
	p := path{field: words[0]}
	if !ok || p.field == "" {
		return p, fmt.Errorf("%q is no field: write :key, or :value.0 for the first of the list in :value", text)
	}
	for _, word := range words[1:] {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 {
			return p, fmt.Errorf("%q is no place in a list: write 0 for the first", word)
		}
		p.at = append(p.at, n)
	}
	return p, nil
}

// find is what op has at p.
func (p path) find(op ednMap) any {
	v, _ := op.get(p.field)
	for _, n := range p.at {
		list, _ := v.([]any)
		if n >= len(list) {
			return nil
		}
		v = list[n]
	}
	return v
}

// key is the key that op is about.
func (m *Mapping) key(op ednMap) string {
	p := m.Key
	if p.field == "" {
		p.field = "key"
	}
	return valueOf(p.find(op)).Str()
}

// value is op's argument or result.
func (m *Mapping) value(op ednMap) Value {
	p := m.Value
	if p.field == "" {
		p.field = "value"
	}
	return valueOf(p.find(op))
}

func (m *Mapping) function(f string) string {
	if ours := m.Funcs[f]; ours != "" {
		return ours
	}
	return f
}

// valueOf is a form as a value. Keywords and symbols are texts, sets are lists; a map of a transfer, {:from 0 :to 1
// :amount 5}, is [0, 1, 5], and any other the list of its values in order of its keys, as {0 10, 1 20} is of balances.
func valueOf(form any) Value {
	switch f := form.(type) {
	case bool:
		return Bool(f)
	case int64:
		return Int(f)
	case string:
		return Text(f)
	case keyword:
		return Text(string(f))
	case []any:
		return listOf(f)
	case ednSet:
		return listOf(f)
	case ednMap:
		return listOfMap(f)
	}
	return Value{}
}

func listOf(forms []any) Value {
	values := make([]Value, len(forms))
	for i, f := range forms {
		values[i] = valueOf(f)
	}
	return List(values...)
}

func listOfMap(m ednMap) Value {
	from, ok1 := m.get("from")
	to, ok2 := m.get("to")
	amount, ok3 := m.get("amount")
	if ok1 && ok2 && ok3 {
		return List(valueOf(from), valueOf(to), valueOf(amount))
	}
	sorted := slices.Clone(m)
	slices.SortStableFunc(sorted, func(a, b ednPair) int { return valueOf(a.key).Compare(valueOf(b.key)) })
	var values []Value
	for _, p := range sorted {
		values = append(values, valueOf(p.value))
	}
	return List(values...)
}
