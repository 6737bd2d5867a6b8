package lua

import (
	"fmt"
	"testing"
)

func TestSmoke(t *testing.T) {
	for _, s := range []string{
		"return 1+1, 'a'..1, #{1,2,3}, -0, 1/0, 0/0",
		"local function f(n) if n<2 then return n end return f(n-1)+f(n-2) end return f(20)",
		"local t={} for i=1,10 do t[i]=i*i end local s=0 for k,v in ipairs(t) do s=s+v end return s, unpack(t)",
		"local co=coroutine.wrap(function(a) local b=coroutine.yield(a+1) return b*2 end) return co(1), co(10)",
		"return pcall(function() local x return x.y end)",
		"return pcall(error,{}) , select('#',pcall(error))",
		"return string.format('%5.2f|%q|%-5d|%s',1.5,'a\\nb',3,'x'), ('x'):rep(3), ('hello world'):gsub('o','0')",
		"local t={5,3,1} table.sort(t) return table.concat(t,',')",
		"local a,b,c = (function(...) return select('#',...), ... end)(1,nil) return a,b,c",
		"local fs={} for i=1,3 do fs[i]=function() i=i+1 return i end end return fs[1](),fs[1](),fs[2]()",
		"local t=setmetatable({},{__index=function(t,k) return k..'!' end,__call=function(self,a) return a end}) return t.x, t(5)",
		"return goto", "x = = 1",
		"local function r() return r() + 1 end return pcall(r)",
	} {
		st := NewState()
		st.MemoryLimit = 100 << 20
		st.OpenLibs(func() float64 { return 0.5 }, func(int) {})
		f, err := st.Compile(s, "@user_script")
		if err != nil {
			fmt.Println(err)
			continue
		}
		r, where, err := st.Run(f)
		c := &Call{th: st.main}
		for _, v := range r {
			x, _ := c.ToString(v).Text()
			fmt.Print(x, " ")
		}
		fmt.Println(where, err)
	}
}
