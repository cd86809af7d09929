import type { Event, EventQuery } from '../contract/events.ts'
import { toUtc } from '../domain/step-times.ts'
import { parseContainerRef } from './container-ref.ts'
import type { Database } from './database.ts'
import { shownEvent } from './event-log.sql.ts'
import { Prisma } from './generated/client.ts'
import type { PageRow, JsonItem } from './json-row.ts'
import { withinPageBytes } from './page-bytes.sql.ts'
import { filtersOf, type Page, readJsonPage } from './pages.ts'

/** An event, its place among the events of its revision, and the log that it is in. */
export type ListedEvent = { revision: number, ordinal: number, log_id: string } & JsonItem<Event>
type EventKey = readonly [revision: number, ordinal: number]

type Filters = Omit<EventQuery, 'limit' | 'cursor' | 'count' | 'sort'>

/** The event log. */
export function eventStore ({ prisma }: Database) {
  return {
    async list (query: EventQuery): Promise<Page<ListedEvent>> {
      const { sort = 'revision', ...filters } = filtersOf(query)
      const [direction, beyond] = sort === 'revision' ? [Prisma.sql`ASC`, Prisma.sql`>`] : [Prisma.sql`DESC`, Prisma.sql`<`]
      return await readJsonPage<ListedEvent, EventKey>(query, {
        name: 'events',
        filters: { ...filters, sort },
        keys: ({ revision, ordinal }) => [revision, ordinal],
        isKey: (values) => values.length === 2 && values.every(Number.isSafeInteger),
        read: async (after, take) => await prisma.$queryRaw<PageRow<ListedEvent>[]>(withinPageBytes(['revision', 'ordinal', 'log_id'], Prisma.sql`
          SELECT k.revision::float8 AS revision, k.ordinal, (SELECT log_id FROM lab) AS log_id, (SELECT row_to_json(shown)::text FROM ${Prisma.raw(shownEvent)} shown) AS json
          ${sourceOf(filters, { direction, take, beyond: after === null ? null : Prisma.sql`(revision, ordinal) ${beyond} (${after[0]}::bigint, ${after[1]}::int)` })}
          ORDER BY k.revision ${direction}, k.ordinal ${direction} LIMIT ${take}`)),
        count: async () => await prisma.$queryRaw<[{ count: number }]>`SELECT count(*)::int AS count ${sourceOf(filters, { direction, take: null, beyond: null })}`.then(([{ count }]) => count)
      })
    }
  }
}

/**
 * The FROM and WHERE of a filtered list. `k` are the keys of the events. They come from the filter that leaves the fewest events.
 * Each of these filters has its own indexes. The events are read one by one in the order of their keys, so a page reads little more than itself.
 */
function sourceOf (filters: Filters, { direction, take, beyond }: { direction: Prisma.Sql, take: number | null, beyond: Prisma.Sql | null }): Prisma.Sql {
  const { container, device, kind, actor, step, experiment } = filters
  const containers = container === undefined ? null : containersNamed(container)
  const conditions: Prisma.Sql[] = []
  if (device !== undefined && (containers !== null || experiment !== undefined)) conditions.push(concernsDevice(device))
  if (kind !== undefined) conditions.push(Prisma.sql`e.kind = ${kind}`)
  if (actor !== undefined) conditions.push(Prisma.sql`e.actor = ${actor}`)
  if (step !== undefined) conditions.push(Prisma.sql`e.step_id = ${step}::uuid`)
  if (experiment !== undefined && containers !== null) conditions.push(Prisma.sql`(e.experiment_id = ${experiment}::uuid OR ${experiment}::uuid = ANY (e.concerns))`)
  const range = rangeOf(filters, beyond)
  const parts = containers !== null ? ofContainers(containers, range)
    : experiment !== undefined ? ofExperiment(experiment, range)
      : device !== undefined ? ofDevice(device, range) : null
  const where = Prisma.join([Prisma.sql`true`, ...conditions], ' AND ')
  if (parts === null) return Prisma.sql`FROM (SELECT * FROM event WHERE ${range}) e CROSS JOIN LATERAL (SELECT e.revision, e.ordinal) k WHERE ${where}`
  // With a limit, the planner reads a part in the order of its index, and not the whole part.
  const most = take !== null && conditions.length === 0 ? Prisma.sql`LIMIT ${take}` : Prisma.sql`OFFSET 0`
  const ordered = parts.map((part) => Prisma.sql`(${part} ORDER BY revision ${direction}, ordinal ${direction} ${most})`)
  return Prisma.sql`
    FROM (${Prisma.join(ordered, ' UNION ALL ')}) k
    CROSS JOIN LATERAL (SELECT * FROM event e WHERE e.revision = k.revision AND e.ordinal = k.ordinal OFFSET 0) e
    WHERE ${where}`
}

/** Which revisions, and where among them the page begins. */
function rangeOf ({ after, recorded_after, recorded_before }: Filters, beyond: Prisma.Sql | null): Prisma.Sql {
  const conditions = [Prisma.sql`revision > ${after ?? 0}::bigint`]
  if (recorded_after !== undefined) conditions.push(Prisma.sql`revision >= ${firstRevisionSince(recorded_after)}`)
  if (recorded_before !== undefined) conditions.push(Prisma.sql`revision < ${firstRevisionSince(recorded_before)}`)
  if (beyond !== null) conditions.push(beyond)
  return Prisma.join(conditions, ' AND ')
}

// The parts of what a filter finds. No event is in two parts, so nothing has to be compared.

/** Events of the containers, of the steps in which they took part, and others that concern them. */
function ofContainers (containers: Prisma.Sql, range: Prisma.Sql): Prisma.Sql[] {
  return [
    Prisma.sql`SELECT revision, ordinal FROM event_log WHERE container_id = ANY (${containers}) AND ${range}`,
    Prisma.sql`SELECT revision, ordinal FROM (SELECT DISTINCT step_id FROM container_of_step WHERE container_id = ANY (${containers})) s
      CROSS JOIN LATERAL (SELECT revision, ordinal FROM event_log WHERE step_id = s.step_id AND ${range} OFFSET 0) l`,
    Prisma.sql`SELECT revision, ordinal FROM ${concerning(containers)} l WHERE ${range}
      AND NOT EXISTS (SELECT FROM container_of_step sc WHERE sc.step_id = l.step_id AND sc.container_id = ANY (${containers}))`
  ]
}

function ofExperiment (experiment: string, range: Prisma.Sql): Prisma.Sql[] {
  return [
    Prisma.sql`SELECT revision, ordinal FROM event_log WHERE experiment_id = ${experiment}::uuid AND ${range}`,
    Prisma.sql`SELECT revision, ordinal FROM ${concerning(Prisma.sql`ARRAY[${experiment}::uuid]`)} l WHERE ${range}`
  ]
}

// OFFSET 0 makes the planner look into the index of the few events that have such a list, whatever the range.
function concerning (ids: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(SELECT revision, ordinal, step_id FROM event_log WHERE concerns && ${ids} OFFSET 0)`
}

function ofDevice (device: string, range: Prisma.Sql): Prisma.Sql[] {
  return [
    Prisma.sql`SELECT revision, ordinal FROM event_device WHERE device_id = ${latestNamed(device)} AND ${range}`,
    Prisma.sql`SELECT revision, ordinal FROM event_log WHERE device_id = ${latestNamed(device)} AND ${range}`
  ]
}

function concernsDevice (device: string): Prisma.Sql {
  return Prisma.sql`(e.device_id = ${latestNamed(device)}
    OR EXISTS (SELECT FROM event_device d WHERE d.device_id = ${latestNamed(device)} AND d.revision = k.revision AND d.ordinal = k.ordinal))`
}

function latestNamed (device: string): Prisma.Sql {
  return Prisma.sql`(SELECT latest_device_named(${device}))`
}

// All events of a revision have one time. So a time is a revision, and a page is a range of the key in which the list is ordered, whatever
// else it is filtered by.
function firstRevisionSince (time: string): Prisma.Sql {
  return Prisma.sql`(SELECT first_revision_since(${toUtc(time)}::timestamptz))`
}

function containersNamed (named: string): Prisma.Sql {
  const { id, barcode } = parseContainerRef(named)
  if (id !== null) return Prisma.sql`ARRAY[${id}::uuid]`
  return Prisma.sql`ARRAY(SELECT DISTINCT container_id FROM label_event WHERE barcode = ${barcode})`
}
