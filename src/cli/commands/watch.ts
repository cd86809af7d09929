import type { Command } from 'commander'
import { createParser } from 'eventsource-parser'
import { setTimeout as sleep } from 'node:timers/promises'
import { largestRevisionNumber } from '../../contract/stream.ts'
import { inFull } from '../../domain/whole-numbers.ts'
import { localZone, timesIn } from '../../terminal/local-time.ts'
import { safeJson, safeLines } from '../../terminal/safe-text.ts'
import { addressOf, serviceClient } from '../client.ts'
import { CommandError, exitCodes, usageError } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { type Logged, rowOf } from './events.ts'

type WatchOptions = ServiceOptions & { container?: string, device?: string, experiment?: string, kind?: string, after?: string, count?: string }
type Hello = { log_id: string, revision: number }
type Change = { revision: number, recorded_at: string, actor: string | null, events: Logged[] | null, count?: number }

/** Without a frame for so long (two heartbeats and more), the connection is lost. */
const silenceMs = 40_000
const replaced = 'The log was replaced by a backup. Going on from its newest revision.\n'
const beyond = (asked: number, newest: number): string => `Revision ${asked} is beyond the log, which ends at revision ${newest}. Going on from there.\n`
const lost = 'The connection is lost. Connecting again.\n'

export function watchCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('watch'))
    .description('Follow what changes in the lab, until Ctrl-C; connects again by itself and misses nothing')
    .option('--after <revision>', 'begin after this revision; 0 begins with the first one. Without it: with what happens next')
    .option('--container <barcode>', 'only revisions that concern this container: its changes, and the steps in which it took part')
    .option('--device <name>', 'only revisions that concern this device')
    .option('--experiment <id>', 'only revisions that concern this experiment')
    .option('--kind <name>', 'only revisions with a change of this kind, for example moved')
    .option('--count <number>', 'end after so many revisions')
    .action(async (options: WatchOptions) => { await watch(options, io) })
}

async function watch ({ url, json, container, device, experiment, kind, after, count }: WatchOptions, io: CommandIo): Promise<void> {
  const { openStream } = serviceClient(io, addressOf(io.env, url))
  const filters = Object.entries({ container, device, experiment, kind }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const times = timesIn(localZone(io.env))
  let resume = numberOf(after, '--after')
  let left = numberOf(count, '--count') ?? Infinity
  let hasConnected = false
  // A stream that is cut can look like one that has ended: only its last frame tells them apart.
  let lastEvent: string | undefined
  // After a restored backup the stream shows another log. Its revisions up to `restored` are not shown: the same numbers meant other changes before.
  let logId: string | undefined
  let restored = -1
  /** The revision after which the present stream was asked to begin. */
  let asked = 0
  const saidGoodbye = (): boolean => lastEvent === 'bye'
  const print = (line: string): void => { io.out.write(safeLines(`${line}\n`)) }

  /** Shows a frame. Returns false when enough is shown. */
  function show (event: string | undefined, id: string | undefined, data: string): boolean {
    if (event === 'hello') asked = Number(id)
    if (id !== undefined) resume = Number(id)
    lastEvent = event
    if (event === 'hello') noteLog(JSON.parse(data) as Hello, Number(id))
    if (event === 'reset') noteReset(JSON.parse(data) as Hello)
    if (event !== 'revision') return true
    const change = JSON.parse(data) as Change
    if (change.revision <= restored) return true
    if (json === true) io.out.write(`${safeJson(inFull(data))}\n`)
    else if (change.events === null) print(`${change.revision}  ${times.cell(change.recorded_at)}  ${change.count} events`)
    else for (const one of change.events) print(lineOf(rowOf(one, times)))
    left -= 1
    return left > 0
  }

  function noteLog ({ log_id: id, revision }: Hello, from: number): void {
    // To a reader that is ahead of the log, the next frame says `reset`.
    if (from > revision) return
    if (logId !== undefined && logId !== id) {
      restored = revision
      resume = Math.max(resume ?? 0, revision)
      io.err.write(replaced)
    }
    logId = id
  }

  function noteReset ({ log_id: id, revision }: Hello): void {
    io.err.write(logId === undefined || logId === id ? beyond(asked, revision) : replaced)
    logId = id
    restored = -1
  }

  const isStopped = (): boolean => io.signal.aborted
  while (left > 0 && !isStopped()) {
    try {
      const query = new URLSearchParams([...resume === undefined ? [] : [['after', String(resume)] as [string, string]], ...filters])
      const stream = await openStream(`/api/events/stream?${query.toString()}`, silenceMs)
      hasConnected = true
      lastEvent = undefined
      if (!await readFrames(stream, show)) return
      io.err.write(saidGoodbye() ? 'The service ends the stream. Connecting again.\n' : lost)
    } catch (error) {
      if (isStopped()) return
      // The first connection must work. Later, a refusal ends it, and everything else is tried again.
      if (error instanceof CommandError && (!hasConnected || !passes(error))) throw error
      io.err.write(lost)
    }
    await sleep(1000 + Math.random() * 1000, undefined, { signal: io.signal }).catch(() => {})
  }
}

/** Whether the same request may be answered later: the service is away or busy, or there were too many requests. The Python client waits for the same. */
function passes ({ exitCode, json }: CommandError): boolean {
  const { status } = json as { status?: number }
  return exitCode === exitCodes.unreachable || [408, 429, 502, 503, 504].includes(status ?? 0)
}

type Show = (event: string | undefined, id: string | undefined, data: string) => boolean

/** Returns false when enough is shown, and true when the stream has ended before. */
async function readFrames (chunks: AsyncIterable<string>, show: Show): Promise<boolean> {
  const state = { goesOn: true }
  const parser = createParser({ onEvent: ({ event, id, data }) => { if (state.goesOn) state.goesOn = show(event, id, data) } })
  for await (const chunk of chunks) {
    parser.feed(chunk)
    if (!state.goesOn) return false
  }
  return true
}

function lineOf ([revision, at, what, of, from, to, by, reason]: (string | number | null)[]): string {
  const where = from === to ? '' : `${from ?? '-'} > ${to ?? '-'}`
  const parts = [revision, at, what, of, where, by === null ? null : `by ${by}`, reason]
  return parts.filter((part) => part !== null && part !== '').join('  ')
}

function numberOf (text: string | undefined, option: string): number | undefined {
  if (text !== undefined && (!/^\d+$/.test(text) || Number(text) > largestRevisionNumber)) throw usageError(`${option} must be a whole number from 0 to ${largestRevisionNumber}, not "${text}".`)
  return text === undefined ? undefined : Number(text)
}
