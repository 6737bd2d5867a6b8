package cli

import "context"

func drawCommand(_ context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "draw", "SCENARIO", "Prints SCENARIO as a file, with every draw of the seed made. ordeal run FILE with the same -seed plays the same run.\n\"swarm\" is another scenario for each seed.")
	seed := f.Uint64("seed", 1, "the `seed` of every draw")
	var trust bool
	f.trust(&trust)
	if err := f.parse(args, 1, 1); err != nil {
		return 0, err
	}
	s, err := loadScenario(f.args[0], trust)
	if err != nil {
		return 0, err
	}
	text, err := s.Drawn(*seed).YAML()
	if err != nil {
		return 0, err
	}
	_, err = io.out.Write(text)
	return exitValid, err
}
