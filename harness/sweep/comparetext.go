package sweep

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String is the comparison as text for a terminal.
func (c *Comparison) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s world, seeds %d to %d: %s\n", c.Scenario, c.World, c.First, c.Last, c.played())
	rows := c.rows()
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("  " + cell + pad)
			} else {
				b.WriteString("   " + pad + cell)
			}
		}
		b.WriteString("\n")
	}
	for _, w := range c.words() {
		fmt.Fprintf(&b, "  %s\n", w)
	}
	return b.String()
}

// Markdown is the comparison as a table for a page or a pull request.
func (c *Comparison) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**, %s world, seeds %d to %d: %s\n\n", c.Scenario, c.World, c.First, c.Last, c.played())
	for i, row := range c.rows() {
		b.WriteString("|")
		for _, cell := range row {
			b.WriteString(" " + strings.ReplaceAll(cell, "|", "\\|") + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("---:|", len(row)-1) + "\n")
		}
	}
	b.WriteString("\n")
	for _, w := range c.words() {
		fmt.Fprintf(&b, "- %s\n", w)
	}
	return b.String()
}

// played says how many runs there were, and that median, p95 and worst stand in each cell.
func (c *Comparison) played() string {
	runs := 0
	for _, s := range c.Sides {
		runs += s.Runs
	}
	text := fmt.Sprintf("%d runs; each cell is median, 95 of 100, worst", runs)
	if !c.Complete {
		text += "; it was interrupted"
	}
	return text
}

// words are what can be said, and what was broken meanwhile.
func (c *Comparison) words() []string {
	words := slices.Clone(c.Words)
	const most = 5
	for _, f := range c.Failures[:min(len(c.Failures), most)] {
		kept := ""
		if f.Dir != "" {
			kept = ", kept in " + f.Dir
		}
		words = append(words, fmt.Sprintf("seed %d of %s broke %s%s: %s", f.Seed, f.Scenario, strings.Join(f.Checkers, ", "), kept, f.Why))
	}
	if more := len(c.Failures) - most; more > 0 {
		words = append(words, fmt.Sprintf("%d more runs broke a property", more))
	}
	return words
}

// rows are the table: a row for each figure, a column for each side. Settings are few and figures many.
func (c *Comparison) rows() [][]string {
	head := []string{""}
	for _, s := range c.Sides {
		head = append(head, s.Label)
	}
	rows := [][]string{head}
	for _, m := range c.metrics {
		title := m.Title
		if m.Unit != "" {
			title += " (" + m.Unit + ")"
		}
		row := []string{title}
		for _, s := range c.Sides {
			row = append(row, s.Spreads[m.Figure].String())
		}
		rows = append(rows, row)
	}
	return rows
}

func (s Spread) String() string {
	if s.N == 0 {
		return "not known"
	}
	return fmt.Sprintf("%s  %s  %s", number(s.Median), number(s.P95), number(s.Worst))
}

// number writes a figure with as many digits as say something.
func number(v float64) string {
	switch {
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case math.Abs(v) < 0.1:
		return strconv.FormatFloat(v, 'f', 4, 64)
	case math.Abs(v) < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// signed is a difference with its sign and unit.
func signed(v float64, unit string) string {
	text := number(math.Abs(v))
	if unit != "" {
		text += " " + unit
	}
	switch {
	case v < 0:
		return "−" + text
	case v > 0:
		return "+" + text
	}
	return text
}
