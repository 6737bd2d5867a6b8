// Command ordeal runs scenarios against replicated servers, judges histories and writes reports.
package main

import "github.com/ordeal-go/ordeal/harness/cli"

func main() { cli.Main() }
