package sim

import "github.com/ordeal-go/ordeal/harness/seed"

// Branch lets all that is drawn from here on be drawn from another seed: by the network, the disks, and the cores of
// machines that are up and of those that start later.
func (w *World) Branch(root uint64) {
	w.seed = root
	for _, m := range w.machines {
		m.disk.chance, m.scripts = diskChance(root, m), scriptChance(root, m)
		for i, to := range w.machines {
			m.links[i].state = linkChance(root, m, to)
		}
		if m.up {
			seed.Restart(m.source, root, m.stream())
		}
	}
}

func linkChance(root uint64, from, to *machine) chance {
	return newChance(root, "link/"+from.spec.Name+"/"+to.spec.Name)
}

func diskChance(root uint64, m *machine) chance { return newChance(root, "disk/"+m.spec.Name) }

func scriptChance(root uint64, m *machine) chance { return newChance(root, "scripts/"+m.spec.Name) }
