import { readdirSync, readFileSync } from 'node:fs'

/** These processes and all that descend from them, as Linux tells it. */
export function withDescendants (pids: readonly number[]): number[] {
  const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), parentOf(name)]))
  const found = new Set(pids.filter((pid) => parents.has(pid)))
  for (let size = 0; size < found.size;) {
    size = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return [...found]
}

function parentOf (pid: string): number {
  try {
    // the name before it, in brackets, may contain anything
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1])
  } catch {
    return 0
  }
}
