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

/** A running PostgreSQL server process, told by pid and start, and the port on 127.0.0.1 that it listens on. */
export type Postmaster = { pid: number, identity: string, port: number }

const LOG_LIMIT = 10 * 1024 * 1024
const POLL_MS = 20
// Recovery after a crash can take a while, and as long as it goes on the server lives.
const START_LIMIT_MS = 300_000
const TELL_AFTER_MS = 5_000
// What a killed server leaves running for a moment: its children notice only when they next look.
const LEFTOVER_LIMIT_MS = 20_000
const PORT_ATTEMPTS = 10
const FAST_STOP_LIMIT_MS = 60_000

// No sockets: their paths have a length limit that data directories exceed. Statement errors reach the service, which
// logs them; here they would fill the disk.
// Whoever has an account here can connect to the port. Who says nothing, or no password, takes a place of ours until he is
// sent away: so there are many places, which cost little, and he is sent away soon.
const SETTINGS = {
  listen_addresses: '127.0.0.1', unix_socket_directories: '', log_min_messages: 'log', max_connections: '400', authentication_timeout: '5s'
}

/**
 * The server that already runs on this cluster: one that a killed process of ours left behind. `starting` is one that
 * does not take connections (still recovering, or on its way out). For whoever holds the lock of the directory.
 */
export function findRunning (directory: string): Postmaster | 'starting' | undefined {
  const found = lookForRunning(directory)
  if (found !== 'stale') return found
  // If the program that has the pid now is the same user's, PostgreSQL would take it for a server.
  rmSync(pidFile(directory), { force: true })
  return undefined
}

/** The same for somebody who only looks: changes nothing. `stale` is a pid that went to another program since. */
export function lookForRunning (directory: string): Postmaster | 'starting' | 'stale' | undefined {
  const found = readPidFile(directory)
  if (!found) return undefined
  const identity = identityOf(found.pid)
  // PostgreSQL itself replaces the file of a dead process.
  if (identity === undefined) return undefined
  const command = commandLineOf(found.pid)
  if (command && !command.includes(found.directory) && !command.includes(clusterOf(directory))) return 'stale'
  return found.status === 'ready' ? { pid: found.pid, identity, port: found.port } : 'starting'
}

/** Starts a server in a session of its own, where neither Ctrl-C nor our death reaches it; ready when resolved. */
export async function launch (options: {
  place: ClusterLocation, binaries: Binaries, settings: Record<string, string>, log: Pick<Log, 'info' | 'warn'>, choosePort?: () => Promise<number>
}): Promise<Postmaster> {
  const { place, binaries, settings, log, choosePort = freePort } = options
  const began = Date.now()
  const file = openLog(place.directory)
  try {
    if (fstatSync(file).size > LOG_LIMIT) ftruncateSync(file)
    for (let taken = 0; ;) {
      const port = await choosePort()
      const before = fstatSync(file).size
      const child = spawn(binaries.postgres, postgresArguments(place, port, settings), {
        ...spawnOptions(place.owner), detached: true, stdio: ['ignore', file, file]
      })
      child.unref()
      const ready = await becomesReady(child, place, port, log)
      if (ready) return ready
      const said = readFrom(file, before)
      if (/address already in use|could not create any TCP\/IP sockets/i.test(said) && ++taken < PORT_ATTEMPTS) continue
      const leftover = /pre-existing shared memory block|is another postmaster/i.test(said)
      if (leftover && Date.now() - began < LEFTOVER_LIMIT_MS) {
        await sleep(500)
        continue
      }
      throw new Error(`PostgreSQL did not start in ${place.directory}: ${lastLines(said)}`)
    }
  } finally {
    closeSync(file)
  }
}

/** Ends a server: fast shutdown (open transactions are rolled back), immediate when that takes too long. */
export async function shutDown (postmaster: Postmaster, options: { place: ClusterLocation, found: PostgresPackage, log: Pick<Log, 'info' | 'warn'> }) {
  const { pid, identity } = postmaster
  const { place, found, log } = options
  const ended = () => !isSameProcess(pid, identity)
  if (process.platform === 'win32') { await shutDownOnWindows(place, found); return }
  for (const [signal, limit] of [['SIGINT', FAST_STOP_LIMIT_MS], ['SIGQUIT', 10_000]] as const) {
    if (ended()) return
    try {
      process.kill(pid, signal)
    } catch {
      // It ended by itself in between.
    }
    for (const until = Date.now() + limit; Date.now() < until; await sleep(POLL_MS)) if (ended()) return
    log.warn({ pid, signal }, 'the database did not stop in time')
  }
}

/** A free port on 127.0.0.1, as the system deals it out. Somebody may take it before it is used. */
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
  const all = Object.entries({ ...SETTINGS, ...settings, port: String(port) })
  return ['-D', clusterOf(directory), ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** The server once it takes connections, or undefined when it ended before. */
async function becomesReady (
  child: ChildProcess, place: ClusterLocation, port: number, log: Pick<Log, 'info' | 'warn'>
): Promise<Postmaster | undefined> {
  const end: { over: boolean, failure?: Error } = { over: false }
  child.on('exit', () => { end.over = true })
  child.on('error', (failure) => { Object.assign(end, { over: true, failure }) })
  const began = Date.now()
  let told = false
  while (!end.over) {
    const found = readPidFile(place.directory)
    const identity = found && found.pid === child.pid && found.status === 'ready' ? identityOf(found.pid) : undefined
    if (found && identity !== undefined) return { pid: found.pid, identity, port }
    const waited = Date.now() - began
    if (waited > START_LIMIT_MS) {
      child.kill('SIGINT')
      throw new Error(`PostgreSQL in ${place.directory} was not ready after ${START_LIMIT_MS / 1000} s, see ` +
        logFile(place.directory))
    }
    if (waited > TELL_AFTER_MS && !told) {
      told = true
      const { directory } = place
      log.info({ pid: child.pid, directory }, 'the database still starts, perhaps it recovers from a crash')
    }
    await sleep(POLL_MS)
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
  // Root follows no link that the database's user could have put there. (Windows has neither.)
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | ((constants as Partial<typeof constants>).O_NOFOLLOW ?? 0)
  try {
    return openSync(logFile(directory), flags, 0o600)
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error
    // Left by a start as root in a directory that is ours.
    rmSync(logFile(directory))
    return openSync(logFile(directory), flags, 0o600)
  }
}

function readFrom (file: number, start: number): string {
  const buffer = Buffer.alloc(Math.max(0, Math.min(fstatSync(file).size - start, 64 * 1024)))
  return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start)).toString()
}

/** Windows has no signals; pg_ctl knows the way around. */
async function shutDownOnWindows (place: ClusterLocation, found: PostgresPackage) {
  const program = path.join(found.directory, 'native', 'bin', 'pg_ctl.exe')
  await runCommand(program, ['stop', '-D', clusterOf(place.directory), '-m', 'fast', '-w'])
}
