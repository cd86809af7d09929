import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { codeOf } from './run-command.ts'

const UNKNOWN = 'unknown'

/**
 * What tells a process from a later one with the same pid: when it started. undefined when there is no such process (a
 * zombie is none); `unknown` where the system does not say, which `isSameProcess` then takes for the same.
 */
export function identityOf (pid: number): string | undefined {
  if (!exists(pid)) return undefined
  if (process.platform === 'linux') return linuxIdentity(pid)
  if (process.platform === 'win32') return UNKNOWN
  const started = ps(pid, 'lstart=')
  return started === undefined ? UNKNOWN : started.trim().replace(/[^A-Za-z0-9]+/g, '-') || undefined
}

export function isSameProcess (pid: number, identity: string): boolean {
  const now = identityOf(pid)
  return now !== undefined && (now === identity || now === UNKNOWN || identity === UNKNOWN)
}

/** The command line of a process, or undefined when the system does not say. */
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
    // Ended in between, or /proc is mounted so that other users' processes do not show.
    return exists(pid) ? UNKNOWN : undefined
  }
  // The second field is the program's name in brackets and may itself contain spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields[0], fields[19]]
  if (state === 'Z' || state === 'X') return undefined
  // The start counts from boot: without the boot's id, the same pid and tick could come back after a restart.
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
    // A fixed locale and zone: the text is compared with one written by another process, in another shell.
    return execFileSync('/bin/ps', ['-ww', '-o', column, '-p', String(pid)], {
      encoding: 'utf8', env: { LC_ALL: 'C', TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'ignore']
    })
  } catch {
    return undefined
  }
}
