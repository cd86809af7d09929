import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf, isSameProcess } from './processes.ts'
import { codeOf } from './run-command.ts'

export const lockPrefix = 'lock-'

const maxRounds = 20

/**
 * Locks the directory for this process. The returned function unlocks it. Throws an Error with the pid of the holder if another
 * process holds the lock.
 *
 * Each process has its own file, named after its pid and start time. It creates this file, then reads the other files. If two
 * processes try at once, the later one sees the file of the earlier one, so at most one gets the lock. With one common lock
 * file, a process could remove the file of a dead process at the moment when a living one has replaced it. Here no other
 * process ever uses the same name, so this cannot happen. The file is empty while its process tries, and contains `held`
 * once it holds the lock.
 */
export async function lockDirectory (directory: string): Promise<() => void> {
  const own = `${lockPrefix}${process.pid}-${identityOf(process.pid)}`
  const file = path.join(directory, own)
  for (let round = 0; ; round++) {
    const rivals = others(directory)
    const holder = rivals.find((other) => other.held) ?? (round === maxRounds ? rivals[0] : undefined)
    if (holder) throw alreadyUsedError(directory, holder.pid)
    if (rivals.length === 0) {
      const descriptor = createLockFile(file, directory)
      try {
        if (others(directory, own).length === 0) {
          writeSync(descriptor, 'held\n')
          return () => rmSync(file, { force: true })
        }
        rmSync(file, { force: true })
      } finally {
        closeSync(descriptor)
      }
    }
    // Another process tries at the same time. Both retry after a random delay.
    await sleep(5 + Math.random() * 50)
  }
}

function createLockFile (file: string, directory: string): number {
  try {
    return openSync(file, 'wx', 0o644)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw alreadyUsedError(directory, process.pid)
    throw error
  }
}

/** The living processes with a file in the directory, except `own`. Removes the files of dead processes. */
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

function alreadyUsedError (directory: string, pid: number): Error {
  const who = pid === process.pid ? 'This process' : 'Another platform-status'
  return new Error(`${who} (pid ${pid}) already uses the database in ${directory}: stop it, ` +
    'or set another DATA_DIR')
}
