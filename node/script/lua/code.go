package lua

// opcode is what an instruction does. R is a register of the frame, K a constant, RK(x) the register x or, if x is
// negative, the constant -1-x.
type opcode uint8

const (
	opMove      opcode = iota // R[a] = R[b]
	opLoadK                   // R[a] = K[b]
	opLoadNil                 // R[a..b] = nil
	opLoadBool                // R[a] = b != 0
	opGetGlobal               // R[a] = env[K[b]]
	opSetGlobal               // env[K[b]] = RK(c)
	opGetUpval                // R[a] = upvalue b
	opSetUpval                // upvalue b = RK(c)
	opNewCell                 // R[a] = a cell that holds R[a]
	opGetCell                 // R[a] = what the cell R[b] holds
	opSetCell                 // cell R[a] holds RK(c)
	opGetTable                // R[a] = R[b][RK(c)]
	opSetTable                // R[a][RK(b)] = RK(c)
	opSelf                    // R[a+1] = R[b]; R[a] = R[b][RK(c)]
	opNewTable                // R[a] = {} with room for b items and c other fields
	opSetList                 // R[a][c+i] = R[a+i] for i in 1..b; b < 0: up to top
	opAdd                     // R[a] = RK(b) + RK(c)
	opSub
	opMul
	opDiv
	opMod
	opPow
	opUnm      // R[a] = -R[b]
	opNot      // R[a] = not R[b]
	opLen      // R[a] = #R[b]
	opConcat   // R[a] = R[b] .. … .. R[c]
	opJmp      // pc = b
	opTest     // if truth of R[a] is c != 0: pc = b
	opEq       // if (RK(b) == RK(c)) == (a != 0): do the jump that follows, else pass it
	opLt       // same with <
	opLe       // same with <=
	opCall     // R[a…] = R[a](R[a+1…]), b arguments (< 0: up to top), c results (< 0: all, up to top)
	opTailCall // return R[a](R[a+1…])
	opReturn   // return R[a…], b values (< 0: up to top)
	opVararg   // R[a…] = ..., b values (< 0: all, up to top)
	opForPrep  // check and prepare R[a], R[a+1], R[a+2]; pc = b
	opForLoop  // R[a] += R[a+2]; if within R[a+1]: R[a+3] = R[a]; pc = b
	opTForCall // R[a+3…] = R[a](R[a+1], R[a+2]), c results; if R[a+3] ~= nil: R[a+2] = R[a+3]; pc = b
	opClosure  // R[a] = closure of proto b

	// Of the tree only.
	opNe
	opGt
	opGe
	opAnd
	opOr
)

type instr struct {
	op   opcode
	a    uint8
	b, c int32
}

// proto is the code of a function.
type proto struct {
	code     []instr
	lines    []int32
	k        []Value
	protos   []*proto
	names    map[int]names // by instruction: what its operands are called
	upvals   []capture
	nparams  int
	vararg   bool
	argReg   int // register of the table "arg", -1 if none is made
	maxStack int
	chunk    string // how errors name the source
	source   string // the same as debug.getinfo's source has it
	line     int
}

// capture says where a closure finds a cell: in a register of the function that makes it, or among its upvalues.
type capture struct {
	register bool
	index    int
}

// name is what an operand is called in an error: kind is local, global, upvalue, field or method; "" for none.
type name struct{ kind, text string }

type names struct{ b, c name }
