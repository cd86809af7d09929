import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf, isSameProcess } from './processes.ts'
import { codeOf } from './run-command.ts'

export const lockPrefix = 'lock-'

const ROUNDS = 20

/**
 * Makes this process the only one of ours that uses the directory; the returned function gives it back. Throws when
 * another process, which it names, is there.
 *
 * One file per process, its name telling pid and start: raise the own file (exclusively), then look at the others. Of
 * two that come at once the later one sees the earlier one's file, so two never both hold it. No name is ever used
 * again by another process, so that removing a dead one's file cannot remove a living one's (which a single lock file,
 * taken over by "unlink the stale one, create mine", does). The file is empty while its process only asks, and says
 * `held` afterwards.
 */
export async function lockDirectory (directory: string): Promise<() => void> {
  const own = `${lockPrefix}${process.pid}-${identityOf(process.pid)}`
  const file = path.join(directory, own)
  for (let round = 0; ; round++) {
    const there = others(directory)
    const holder = there.find((other) => other.held) ?? (round === ROUNDS ? there[0] : undefined)
    if (holder) throw taken(directory, holder.pid)
    if (there.length === 0) {
      const raised = raise(file, directory)
      try {
        if (others(directory, own).length === 0) {
          writeSync(raised, 'held\n')
          return () => rmSync(file, { force: true })
        }
        rmSync(file, { force: true })
      } finally {
        closeSync(raised)
      }
    }
    // Somebody asks at the same moment: both step back, and the chance decides who comes first.
    await sleep(5 + Math.random() * 50)
  }
}

function raise (file: string, directory: string): number {
  try {
    return openSync(file, 'wx', 0o644)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw taken(directory, process.pid)
    throw error
  }
}

/** The living processes whose file lies in the directory, but the one named; files of dead ones are swept away. */
function others (directory: string, own?: string) {
  const living: Array<{ pid: number, held: boolean }> = []
  for (const name of readdirSync(directory)) {
    const [, pid, identity] = /^lock-(\d+)-(.+)$/.exec(name) ?? []
    if (pid === undefined || identity === undefined || name === own) continue
    const file = path.join(directory, name)
    if (isSameProcess(Number(pid), identity)) living.push({ pid: Number(pid), held: isHeld(file) })
    else rmSync(file, { force: true })
  }
  return living
}

function isHeld (file: string): boolean {
  try {
    return readFileSync(file, 'utf8') !== ''
  } catch {
    return false
  }
}

function taken (directory: string, pid: number): Error {
  const who = pid === process.pid ? 'This process' : 'Another platform-status'
  return new Error(`${who} (pid ${pid}) already uses the database in ${directory}: stop it, ` +
    'or give this one another DATA_DIR')
}
