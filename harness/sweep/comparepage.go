package sweep

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed compare.html
var comparePage string

// WriteHTML writes the comparison as a page that stands alone: the table, what can be said, and every run as a dot.
func (c *Comparison) WriteHTML(w io.Writer) error {
	t, err := template.New("compare").Parse(comparePage)
	if err != nil {
		return err
	}
	return t.Execute(w, map[string]any{"C": c, "Played": c.played(), "Rows": c.rows(), "Words": c.words(), "Strips": c.strips()})
}

// strip is one figure drawn: a row of dots for each side, on one axis.
type strip struct {
	Title, Most string
	Height      int
	Rows        []stripRow
}

type stripRow struct {
	Label  string
	Y      int
	Dots   []dot
	Median float64
	Shown  string
	Known  bool
}

// dot is one run, in the units of the drawing.
type dot struct {
	X, Y float64
	Says string
}

// The drawing's measures. Dots that would hide each other are stacked.
const (
	stripLeft, stripWidth, stripRowHeight = 190.0, 620.0, 34
	dotApart, dotStackMax                 = 4.0, 6
)

func (c *Comparison) strips() (all []strip) {
	for _, m := range c.metrics {
		most := 0.0
		for _, s := range c.Sides {
			most = max(most, s.Spreads[m.Figure].Worst)
		}
		if most == 0 {
			continue
		}
		title := m.Title
		if m.Unit != "" {
			title += " (" + m.Unit + ")"
		}
		st := strip{Title: title, Most: number(most), Height: stripRowHeight*len(c.Sides) + 24}
		for i, s := range c.Sides {
			spread := s.Spreads[m.Figure]
			row := stripRow{Label: s.Label, Y: stripRowHeight*i + 22, Known: spread.N > 0, Median: stripLeft + stripWidth*spread.Median/most,
				Shown: fmt.Sprintf("median %s, 95 of 100 %s, worst %s", number(spread.Median), number(spread.P95), number(spread.Worst))}
			at := map[int]int{}
			for _, v := range spread.values {
				x := stripLeft + stripWidth*v/most
				slot := int(x / dotApart)
				row.Dots = append(row.Dots, dot{x, float64(row.Y) - float64(min(at[slot], dotStackMax))*2.5, number(v)})
				at[slot]++
			}
			st.Rows = append(st.Rows, row)
		}
		all = append(all, st)
	}
	return all
}
