import type { Command } from 'commander'
import type { Event } from '../../contract/events.ts'
import { localZone, type TimeColumn, timesIn } from '../../terminal/local-time.ts'
import { addressOf, serviceClient } from '../client.ts'
import { hintAtDevice } from '../device-hint.ts'
import { usageError } from '../exit-codes.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { timeOf } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type EventsOptions = ServiceOptions & { container?: string, device?: string, kind?: string, actor?: string, after?: string, before?: string, limit: string }
type Snapshot = { barcode?: string | null, name?: string, device?: string | null, position?: number | null }

export function eventsCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('events'))
    .description('List what changed and who changed it, newest first')
    .option('--container <barcode>', 'only what concerns this container: its changes, and the steps in which it took part')
    .option('--device <name>', 'only what concerns this device')
    .option('--kind <name>', 'only changes of this kind, for example moved, lab-wiped or lab-updated')
    .option('--actor <name>', 'only changes by this API key')
    .option('--after <time>', 'only those that were recorded at this time or later; without an offset it is local')
    .option('--before <time>', 'only those that were recorded before this time')
    .option('--limit <number>', 'how many at most', '20')
    .action(async (options: EventsOptions) => {
      const { container, device, kind, actor } = options
      const most = limitOf(options.limit)
      const recorded = { recorded_after: timeOf(options.after, '--after'), recorded_before: timeOf(options.before, '--before') }
      const client = serviceClient(io, addressOf(io.env, options.url))
      const items = await client.first<Event>('/api/events', { container, device, kind, actor, ...recorded, sort: '-revision' }, most)
      const times = timesIn(localZone(io.env))
      printResult(io, options, items, () => tableOr('no events', ['revision', times.head('at'), 'what', 'of', 'from', 'to', 'by', 'reason'], items.map((event) => rowOf(event, times))))
      await hintAtDevice(client, io, options, items)
    })
}

/** The number of --limit. Throws a CommandError if it is none. */
export function limitOf (text: string): number {
  if (!/^([1-9]\d?|[1-4]\d\d|500)$/.test(text)) throw usageError(`--limit must be a number from 1 to 500, not "${text}".`)
  return Number(text)
}

/** An event as JSON, as far as a row shows it. */
export type Logged = Pick<Event, 'revision' | 'recorded_at' | 'kind' | 'actor' | 'reason' | 'step_id' | 'before' | 'after'>

export function rowOf (event: Logged, times: TimeColumn): (string | number | null)[] {
  const [before, after] = [event.before, event.after] as (Snapshot | null)[]
  const thing = after ?? before
  return [
    event.revision, times.cell(event.recorded_at), event.kind, thing?.barcode ?? thing?.name ?? event.step_id ?? null,
    placeIn(before ?? null), placeIn(after ?? null), event.actor, event.reason
  ]
}

function placeIn (snapshot: Snapshot | null): string | null {
  return snapshot?.device == null || snapshot.position == null ? null : `${snapshot.device} ${snapshot.position}`
}
