package sweep

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Case is one run as a test case.
type Case struct {
	Scenario string
	Seed     uint64
	Took     time.Duration
	Failure  *Failure // nil: it broke nothing
}

// The elements of JUnit's XML that CI systems read.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Name    string       `xml:"name,attr"`
		Tests   int          `xml:"tests,attr"`
		Failed  int          `xml:"failures,attr"`
		Time    string       `xml:"time,attr"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name   string      `xml:"name,attr"`
		Tests  int         `xml:"tests,attr"`
		Failed int         `xml:"failures,attr"`
		Time   string      `xml:"time,attr"`
		Cases  []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failed++
	}
}

// WriteJUnit writes the summary as JUnit XML: a suite for each scenario with a case for each seed, and a suite for the
// goals that had to be reached.
func (s *Summary) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "ordeal", Time: seconds(s.Took)}
	for _, name := range s.Scenarios {
		suite := junitSuite{Name: name}
		var took time.Duration
		for _, c := range s.cases {
			if c.Scenario == name {
				took += c.Took
				suite.add(junitCase{Class: "ordeal." + name, Name: fmt.Sprintf("seed %d", c.Seed), Time: seconds(c.Took), Failure: c.junit()})
			}
		}
		suite.Time = seconds(took)
		all.Suites = append(all.Suites, suite)
	}
	if len(s.required) > 0 {
		suite := junitSuite{Name: "goals", Time: seconds(0)}
		for _, q := range s.required {
			c := junitCase{Class: strings.TrimSuffix("ordeal.goals."+q.scenario, "."), Name: q.goal, Time: seconds(0)}
			if !q.met && s.Complete {
				c.Failure = &junitFailure{Message: "no run reached it"}
			}
			suite.add(c)
		}
		all.Suites = append(all.Suites, suite)
	}
	for _, suite := range all.Suites {
		all.Tests += suite.Tests
		all.Failed += suite.Failed
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (c Case) junit() *junitFailure {
	if c.Failure == nil {
		return nil
	}
	text := "replay: " + c.Failure.Replay
	if c.Failure.Dir != "" {
		text += "\nkept in: " + c.Failure.Dir
	}
	return &junitFailure{Message: strings.Join(c.Failure.Checkers, ", ") + ": " + c.Failure.Why, Text: text}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
