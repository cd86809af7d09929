import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { codeOf } from './run-command.ts'

const unknownIdentity = 'unknown'

/**
 * The start time of a process, which distinguishes it from a later process with the same pid. Returns undefined if there is no
 * such process, or it is a zombie. Returns `unknown` if the system does not say; `isSameProcess` takes this as equal.
 */
export function identityOf (pid: number): string | undefined {
  if (!exists(pid)) return undefined
  if (process.platform === 'linux') return linuxIdentity(pid)
  if (process.platform === 'win32') return unknownIdentity
  const started = ps(pid, 'lstart=')
  return started === undefined ? unknownIdentity : started.trim().replace(/[^A-Za-z0-9]+/g, '-') || undefined
}

export function isSameProcess (pid: number, identity: string): boolean {
  const now = identityOf(pid)
  return now !== undefined && (now === identity || now === unknownIdentity || identity === unknownIdentity)
}

/** The command line of a process; undefined if the system does not say. */
export function commandLineOf (pid: number): string | undefined {
  if (process.platform === 'win32') return undefined
  if (process.platform !== 'linux') return ps(pid, 'command=')
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return undefined
  }
}

function exists (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

function linuxIdentity (pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    // It has ended, or /proc is mounted without the processes of other users.
    return exists(pid) ? unknownIdentity : undefined
  }
  // The second field is the program name in brackets, which may contain spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields[0], fields[19]]
  if (state === 'Z' || state === 'X') return undefined
  // The start time counts from boot. With the boot id, it is unique across reboots.
  return `${bootId()}-${start}`
}

let boot: string | undefined

function bootId (): string {
  if (boot !== undefined) return boot
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
  } catch {
    boot = 'boot'
  }
  return boot
}

function ps (pid: number, column: string): string | undefined {
  try {
    // A fixed locale and time zone, because other processes compare this text with theirs.
    return execFileSync('/bin/ps', ['-ww', '-o', column, '-p', String(pid)], {
      encoding: 'utf8', env: { LC_ALL: 'C', TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'ignore']
    })
  } catch {
    return undefined
  }
}
