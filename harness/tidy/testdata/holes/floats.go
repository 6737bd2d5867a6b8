package hole

import "math"

func fused(x, y, z float64) float64 { return x*y + z } // want: float

func fusedAway(x, y, z float64) float64 { return z - (x * y) } // want: float

func decayed(x float64) float64 { return math.Exp(-x) } // want: float
