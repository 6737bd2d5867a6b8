package lua

// The tree of a source text, with names resolved: a local variable is one object wherever it is used.

// local is one local variable.
type local struct {
	name     string
	captured bool // by an inner function: it lives in a cell of its own
	reg      int
}

type (
	expr interface{}

	nilExpr    struct{}
	trueExpr   struct{}
	falseExpr  struct{}
	dotsExpr   struct{}
	numberExpr struct{ n float64 }
	stringExpr struct{ s string }
	localExpr  struct{ v *local }
	upvalExpr  struct {
		index int
		name  string
	}
	globalExpr struct {
		name string
		line int
	}
	indexExpr struct {
		obj, key expr
		line     int
	}
	callExpr struct {
		fn     expr
		method string // of obj:method(…)
		args   []expr
		line   int
	}
	parenExpr struct{ e expr } // cuts several values to one
	binExpr   struct {
		op   opcode
		l, r expr
		line int
	}
	unExpr struct {
		op   opcode
		e    expr
		line int
	}
	logicExpr struct {
		and  bool
		l, r expr
	}
	tableExpr struct {
		items []tableItem
		line  int
	}
	tableItem struct{ key, val expr } // key nil: the next of the array
	funcExpr  struct{ f *function }
)

type (
	stat interface{}

	localStat struct {
		vars []*local
		vals []expr
		line int
	}
	localFunc struct {
		v *local
		f *function
	}
	assignStat struct {
		targets []expr
		vals    []expr
		line    int
	}
	callStat struct{ call *callExpr }
	doStat   struct{ body []stat }
	ifStat   struct {
		conds  []expr
		blocks [][]stat
		other  []stat
	}
	whileStat struct {
		cond expr
		body []stat
	}
	repeatStat struct {
		body []stat
		cond expr
	}
	numForStat struct {
		v                 *local
		start, limit, inc expr
		body              []stat
		line              int
		doLine            int
	}
	genForStat struct {
		vars []*local
		vals []expr
		body []stat
		line int
	}
	returnStat struct {
		vals []expr
		line int
	}
	breakStat struct{}
)

// function is one function text.
type function struct {
	outer    *function
	params   []*local
	vararg   bool
	arg      *local // of a function with ...: 5.1 gives it a local of this name,
	needsArg bool   // which holds a table of the arguments unless the body uses ...
	body     []stat
	line     int // where it is defined, 0 for a main chunk
	lastLine int
	upvals   []upvalRef
	scope    []*local // while it is parsed: the locals in sight
}

// upvalRef says where a closure finds a captured variable when it is made: a local of the function that makes it,
// or one of that one's own captured variables.
type upvalRef struct {
	v     *local
	outer int // index among the outer function's upvals if v is nil
	name  string
}
