package redis

import (
	_ "embed" // the table is part of the program
	"strings"

	"github.com/ordeal-go/ordeal/nemesis"
)

//go:embed ORDERS.md
var ordersPage string

// Explanations are the rows of the table of orders, in its order.
func Explanations() (all []nemesis.Explanation) {
	for line := range strings.Lines(ordersPage) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(strings.ReplaceAll(line, "`", "")), "|"), " | ")
		if len(cells) == 3 && strings.HasPrefix(line, "| `") {
			all = append(all, nemesis.Explanation{Verb: strings.TrimSpace(cells[0]), Written: cells[1], Sim: strings.TrimSpace(cells[2]), Live: "the same"})
		}
	}
	return all
}
