import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../domain/log.ts'
import type { Binaries, PostgresPackage } from './binaries.ts'
import { lastLines } from './cluster.ts'
import { clusterOf, type ClusterLocation } from './data-directory.ts'
import { commandLineOf, identityOf, isSameProcess } from './processes.ts'
import { codeOf, runCommand, spawnOptions } from './run-command.ts'

/** A running PostgreSQL server on `port` of 127.0.0.1. `identity` distinguishes it from later processes with the same pid. */
export type Postmaster = { pid: number, identity: string, port: number }

const maxLogBytes = 10 * 1024 * 1024
const pollMs = 20
// Recovery after a crash can take this long; the server keeps running meanwhile.
const startTimeoutMs = 300_000
const logWaitingAfterMs = 5_000
// After a server was killed, its child processes run for a while until they notice.
const leftoverTimeoutMs = 20_000
const maxPortAttempts = 10
/** How long a stop waits after each signal. */
export const shutdownTimeouts = { SIGINT: 60_000, SIGQUIT: 10_000 } as const

// No Unix sockets: data directories can exceed the length limit of socket paths. The service receives and logs statement
// errors; in this log, they would fill the disk. Every user of this machine can open connections to the port without logging
// in. Each occupies one of the connections that the service needs. So there are many, and the time to log in is short.
const fixedSettings = {
  listen_addresses: '127.0.0.1', unix_socket_directories: '', log_min_messages: 'log', max_connections: '400', authentication_timeout: '5s'
}

/**
 * The server that a killed process of this service left running on the cluster. `starting` means that it accepts no
 * connections, because it is still recovering or is shutting down. The caller must hold the lock of the directory.
 */
export function findRunning (directory: string): Postmaster | 'starting' | undefined {
  const found = lookForRunning(directory)
  if (found !== 'stale') return found
  // Otherwise PostgreSQL would take another program of the same user, which now has this pid, for a server.
  rmSync(pidFile(directory), { force: true })
  return undefined
}

/** Like findRunning, but changes nothing and needs no lock. `stale` means that another program now has the pid. */
export function lookForRunning (directory: string): Postmaster | 'starting' | 'stale' | undefined {
  const found = readPidFile(directory)
  if (!found) return undefined
  const identity = identityOf(found.pid)
  // The process is dead. PostgreSQL itself replaces its file.
  if (identity === undefined) return undefined
  const command = commandLineOf(found.pid)
  if (command && !command.includes(found.directory) && !command.includes(clusterOf(directory))) return 'stale'
  return found.status === 'ready' ? { pid: found.pid, identity, port: found.port } : 'starting'
}

/**
 * Starts a server and waits until it accepts connections. It runs in its own session, so that Ctrl-C or a crash of this process
 * does not stop it. Throws an Error with the last lines of its log if it does not start.
 */
export async function launch (options: {
  place: ClusterLocation, binaries: Binaries, settings: Record<string, string>, log: Pick<Log, 'info' | 'warn'>, choosePort?: () => Promise<number>
}): Promise<Postmaster> {
  const { place, binaries, settings, log, choosePort = freePort } = options
  const began = Date.now()
  const file = openLog(place.directory)
  try {
    if (fstatSync(file).size > maxLogBytes) ftruncateSync(file)
    for (let portsInUse = 0; ;) {
      const port = await choosePort()
      const before = fstatSync(file).size
      const child = spawn(binaries.postgres, postgresArguments(place, port, settings), {
        ...spawnOptions(place.owner), detached: true, stdio: ['ignore', file, file]
      })
      child.unref()
      const ready = await becomesReady(child, place, port, log)
      if (ready) return ready
      const output = readFrom(file, before)
      if (/address already in use|could not create any TCP\/IP sockets/i.test(output) && ++portsInUse < maxPortAttempts) continue
      const leftover = /pre-existing shared memory block|is another postmaster/i.test(output)
      if (leftover && Date.now() - began < leftoverTimeoutMs) {
        await sleep(500)
        continue
      }
      throw new Error(`PostgreSQL did not start in ${place.directory}: ${lastLines(output)}`)
    }
  } finally {
    closeSync(file)
  }
}

/** Stops a server with a fast shutdown, which rolls back open transactions. After a timeout, with an immediate shutdown. */
export async function shutDown (postmaster: Postmaster, options: { place: ClusterLocation, found: PostgresPackage, log: Pick<Log, 'info' | 'warn'> }) {
  const { pid, identity } = postmaster
  const { place, found, log } = options
  const ended = () => !isSameProcess(pid, identity)
  if (process.platform === 'win32') { await shutDownOnWindows(place, found); return }
  for (const [signal, limit] of Object.entries(shutdownTimeouts) as [keyof typeof shutdownTimeouts, number][]) {
    if (ended()) return
    try {
      process.kill(pid, signal)
    } catch {
      // It has stopped in the meantime.
    }
    for (const until = Date.now() + limit; Date.now() < until; await sleep(pollMs)) if (ended()) return
    log.warn({ pid, signal }, 'the database did not stop in time')
  }
}

/** A free port on 127.0.0.1, chosen by the system. Another program may take it before it is used. */
export function freePort (): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function postgresArguments ({ directory }: ClusterLocation, port: number, settings: Record<string, string>): string[] {
  const all = Object.entries({ ...fixedSettings, ...settings, port: String(port) })
  return ['-D', clusterOf(directory), ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Waits until the server accepts connections. Returns undefined if it stopped before. */
async function becomesReady (
  child: ChildProcess, place: ClusterLocation, port: number, log: Pick<Log, 'info' | 'warn'>
): Promise<Postmaster | undefined> {
  const end: { over: boolean, failure?: Error } = { over: false }
  child.on('exit', () => { end.over = true })
  child.on('error', (failure) => { Object.assign(end, { over: true, failure }) })
  const began = Date.now()
  let logged = false
  while (!end.over) {
    const found = readPidFile(place.directory)
    const identity = found && found.pid === child.pid && found.status === 'ready' ? identityOf(found.pid) : undefined
    if (found && identity !== undefined) return { pid: found.pid, identity, port }
    const waited = Date.now() - began
    if (waited > startTimeoutMs) {
      child.kill('SIGINT')
      throw new Error(`PostgreSQL in ${place.directory} was not ready after ${startTimeoutMs / 1000} s, see ` +
        logFile(place.directory))
    }
    if (waited > logWaitingAfterMs && !logged) {
      logged = true
      const { directory } = place
      log.info({ pid: child.pid, directory }, 'the database is still starting; it may be recovering from a crash')
    }
    await sleep(pollMs)
  }
  if (end.failure) throw end.failure
  return undefined
}

function pidFile (directory: string): string {
  return path.join(clusterOf(directory), 'postmaster.pid')
}

function logFile (directory: string): string {
  return path.join(directory, 'postgres.log')
}

/** postmaster.pid, line by line: pid, data directory, start, port, socket directory, address, shared memory, status. */
function readPidFile (directory: string) {
  let lines: string[]
  try {
    lines = readFileSync(pidFile(directory), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10))
  const recorded = lines[1]
  if (!pid || !recorded) return undefined
  return { pid, directory: recorded, port: Number(lines[3]), status: (lines[7] ?? '').trim() }
}

function openLog (directory: string): number {
  // Root must not follow a link that the user of the database created here. (Windows has no such flag.)
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | ((constants as Partial<typeof constants>).O_NOFOLLOW ?? 0)
  try {
    return openSync(logFile(directory), flags, 0o600)
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error
    // A start as root has left this file in a directory of this user.
    rmSync(logFile(directory))
    return openSync(logFile(directory), flags, 0o600)
  }
}

function readFrom (file: number, start: number): string {
  const buffer = Buffer.alloc(Math.max(0, Math.min(fstatSync(file).size - start, 64 * 1024)))
  return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start)).toString()
}

/** Windows has no signals, so pg_ctl stops the server. */
async function shutDownOnWindows (place: ClusterLocation, found: PostgresPackage) {
  const program = path.join(found.directory, 'native', 'bin', 'pg_ctl.exe')
  await runCommand(program, ['stop', '-D', clusterOf(place.directory), '-m', 'fast', '-w'])
}
