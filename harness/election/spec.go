package election

import (
	"fmt"
	"slices"
)

// Stage is how far a Sentinel has come with a failover of its own.
type Stage uint8

// The stages, in their order.
const (
	None Stage = iota
	Standing
	Elected
	Chosen
	Promoted
)

func (s Stage) String() string {
	return [...]string{"none", "standing", "elected", "chosen", "promoted"}[s]
}

// Sentinel is one of them. Epochs start at 0.
type Sentinel struct {
	Epoch   int   // the one that it is in
	Saved   int   // of that, what is sure to survive a restart
	Voted   int   // the last epoch in which it has voted; it survives a restart
	Config  int   // the epoch of its configuration; it survives a restart
	Master  int   // of that configuration
	Attempt int   // the epoch that it stood in last
	Stage   Stage // of its failover
	Ordered bool  // that one was asked for by an operator: it needs no votes
	Choice  int   // the replica, from Chosen on
}

// Said is something that was said in an epoch, and may be heard by anybody from then on.
type Said struct{ Who, Epoch, About int }

// State is all Sentinels, and what they ever said; each list is sorted.
type State struct {
	Sentinels []Sentinel
	Stood     []Said // who stands; About is 0
	Votes     []Said // who voted for whom
	Led       []Said // who was elected by votes
	Configs   []Said // which master was made by whom
}

// Rules are the numbers of a cluster. The other fields each take away a rule: they are how to see what it is for.
type Rules struct {
	Needed int // votes to be elected

	VoteAgain     bool // a vote may be given in an epoch that has seen one
	ForgetVotes   bool // a restart forgets in which epoch the last vote was
	VotesOfAnyAge bool // votes of earlier epochs count too
	AdoptOlder    bool // a configuration that is heard of may take the place of a newer one
}

// Kind is what a step is.
type Kind uint8

// The kinds of steps, with what of a [Step] they need.
const (
	Hear    Kind = iota + 1 // Epoch: another Sentinel is in it, or in a later one
	Stand                   // Epoch
	Order                   // Epoch; as Stand, for an operator
	Vote                    // Epoch, About: the candidate
	Elect                   // Needed: votes that it takes
	Choose                  // About: the replica
	Promote                 //
	End                     //
	GiveUp                  //
	Adopt                   // Epoch, About: the master
	Restart                 //
)

func (k Kind) String() string {
	return [...]string{"?", "Hear", "Stand", "Order", "Vote", "Elect", "Choose", "Promote", "End", "GiveUp", "Adopt", "Restart"}[k]
}

// Step is what one Sentinel does.
type Step struct {
	Kind         Kind
	Who          int
	Epoch, About int
}

// Do makes a step in s. The error says why it is not allowed; then s is as it was.
func (s *State) Do(r Rules, step Step) error {
	me := &s.Sentinels[step.Who]
	switch step.Kind {
	case Hear:
		if step.Epoch <= me.Epoch {
			return fmt.Errorf("epoch %d is not after its own, %d", step.Epoch, me.Epoch)
		}
		if !slices.ContainsFunc(s.Sentinels, func(other Sentinel) bool { return other.Epoch >= step.Epoch }) {
			return fmt.Errorf("nobody is in epoch %d, or was", step.Epoch)
		}
		me.Epoch, me.Saved = step.Epoch, step.Epoch
	case Stand, Order:
		return s.stand(step)
	case Vote:
		return s.vote(r, step)
	case Elect:
		return s.elect(r, step)
	case Choose:
		if me.Stage != Elected {
			return fmt.Errorf("it chooses while %v", me.Stage)
		}
		me.Stage, me.Choice = Chosen, step.About
	case Promote:
		return s.promote(step)
	case End:
		if me.Stage != Promoted {
			return fmt.Errorf("it ends a failover while %v", me.Stage)
		}
		me.Stage = None
	case GiveUp:
		if me.Stage == None || me.Stage == Promoted {
			return fmt.Errorf("it gives up while %v", me.Stage)
		}
		me.Stage = None
	case Adopt:
		return s.adopt(r, step)
	case Restart:
		me.Stage, me.Ordered = None, false
		if r.ForgetVotes {
			me.Voted = 0
		}
	}
	return nil
}

// stand: the epoch is the next one. What was not saved before a restart is forgotten by it, and may be gone through again.
func (s *State) stand(step Step) error {
	me := &s.Sentinels[step.Who]
	switch {
	case me.Stage != None:
		return fmt.Errorf("it stands for election while %v", me.Stage)
	case step.Epoch <= me.Saved || step.Epoch > me.Epoch+1:
		return fmt.Errorf("it stands in epoch %d, which is not the next after %d", step.Epoch, me.Epoch)
	}
	me.Epoch, me.Attempt, me.Stage, me.Ordered = step.Epoch, step.Epoch, Standing, step.Kind == Order
	s.Stood = say(s.Stood, Said{step.Who, step.Epoch, 0})
	return nil
}

// vote: one in an epoch, in the epoch that it is in, for one who stands in it, and none for another while it leads.
func (s *State) vote(r Rules, step Step) error {
	me := &s.Sentinels[step.Who]
	switch {
	case step.Epoch != me.Epoch:
		return fmt.Errorf("it votes in epoch %d, and is in %d", step.Epoch, me.Epoch)
	case step.Epoch <= me.Voted && !r.VoteAgain:
		return fmt.Errorf("it votes in epoch %d, after it has voted in %d", step.Epoch, me.Voted)
	case me.Stage > Standing && step.About != step.Who: // an order is carried out before its own vote is given
		return fmt.Errorf("it votes for another while %v itself", me.Stage)
	case !slices.Contains(s.Stood, Said{step.About, step.Epoch, 0}):
		return fmt.Errorf("it votes for one that does not stand in epoch %d", step.Epoch)
	}
	me.Voted, me.Saved = step.Epoch, step.Epoch
	s.Votes = say(s.Votes, Said{step.Who, step.Epoch, step.About})
	return nil
}

func (s *State) elect(r Rules, step Step) error {
	me := &s.Sentinels[step.Who]
	votes := 0
	for _, v := range s.Votes {
		if v.About == step.Who && (v.Epoch == me.Attempt || r.VotesOfAnyAge) {
			votes++
		}
	}
	switch {
	case me.Stage != Standing:
		return fmt.Errorf("it is elected while %v", me.Stage)
	case me.Ordered:
		me.Stage = Elected
		return nil
	case votes < r.Needed:
		return fmt.Errorf("it is elected in epoch %d by %d of the %d votes needed", me.Attempt, votes, r.Needed)
	case me.Voted > me.Attempt:
		return fmt.Errorf("it is elected in epoch %d, after it voted in %d", me.Attempt, me.Voted)
	}
	me.Stage = Elected
	s.Led = say(s.Led, Said{step.Who, me.Attempt, 0})
	return nil
}

func (s *State) promote(step Step) error {
	me := &s.Sentinels[step.Who]
	switch {
	case me.Stage != Chosen:
		return fmt.Errorf("it promotes while %v", me.Stage)
	case me.Attempt <= me.Config:
		return fmt.Errorf("its configuration of epoch %d takes the place of the one of %d", me.Attempt, me.Config)
	}
	me.Stage, me.Config, me.Master = Promoted, me.Attempt, me.Choice
	me.Saved = me.Epoch
	s.Configs = say(s.Configs, Said{step.Who, me.Config, me.Master})
	return nil
}

func (s *State) adopt(r Rules, step Step) error {
	me := &s.Sentinels[step.Who]
	switch {
	case step.Epoch <= me.Config && !r.AdoptOlder:
		return fmt.Errorf("it takes a configuration of epoch %d for that of %d", step.Epoch, me.Config)
	case !slices.ContainsFunc(s.Configs, func(c Said) bool { return c.Epoch == step.Epoch && c.About == step.About }):
		return fmt.Errorf("it has a master of epoch %d that nobody has made", step.Epoch)
	}
	me.Stage, me.Config, me.Master = None, step.Epoch, step.About
	me.Saved = me.Epoch
	return nil
}

// say adds to a sorted list what is not in it.
func say(list []Said, what Said) []Said {
	at, known := slices.BinarySearchFunc(list, what, compare)
	if known {
		return list
	}
	return slices.Insert(slices.Clip(list), at, what)
}

func compare(a, b Said) int {
	switch {
	case a.Epoch != b.Epoch:
		return a.Epoch - b.Epoch
	case a.Who != b.Who:
		return a.Who - b.Who
	}
	return a.About - b.About
}

// Broken says which promise s breaks, "" for none. Epochs that fall are told from the state before, which is nil at first.
func (s *State) Broken(before *State) string {
	for i, v := range s.Votes {
		if i > 0 && s.Votes[i-1].Epoch == v.Epoch && s.Votes[i-1].Who == v.Who {
			return fmt.Sprintf("Sentinel %d voted twice in epoch %d", v.Who, v.Epoch)
		}
	}
	for i, l := range s.Led {
		if i > 0 && s.Led[i-1].Epoch == l.Epoch {
			return fmt.Sprintf("epoch %d has two leaders, %d and %d", l.Epoch, s.Led[i-1].Who, l.Who)
		}
	}
	for i, c := range s.Configs {
		if i > 0 && s.Configs[i-1].Epoch == c.Epoch && s.Configs[i-1].About != c.About {
			return fmt.Sprintf("epoch %d has two masters, %d and %d", c.Epoch, s.Configs[i-1].About, c.About)
		}
	}
	for i := range s.Sentinels {
		if before != nil && s.Sentinels[i].Config < before.Sentinels[i].Config {
			return fmt.Sprintf("Sentinel %d fell from configuration epoch %d to %d", i, before.Sentinels[i].Config, s.Sentinels[i].Config)
		}
	}
	return ""
}
