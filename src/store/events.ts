import type { Event, EventQuery } from '../contract/events.ts'
import { toUtc } from '../domain/step-times.ts'
import { withRetries } from './commands.ts'
import { parseContainerRef } from './container-ref.ts'
import type { Database } from './database.ts'
import { shownEvent } from './event-log.sql.ts'
import { Prisma } from './generated/client.ts'
import { filtersOf, type Page, readPage } from './pages.ts'

/** An event, its place among the events of its revision, and the log that it is in. */
export type ListedEvent = { revision: number, ordinal: number, log_id: string, event: Event }
type EventKey = readonly [revision: number, ordinal: number]

/** The event log. */
export function eventStore ({ prisma }: Database) {
  return {
    async list (query: EventQuery): Promise<Page<ListedEvent>> {
      const { sort = 'revision', ...filters } = filtersOf(query)
      const source = sourceOf(filters)
      const [direction, beyond] = sort === 'revision' ? [Prisma.sql`ASC`, Prisma.sql`>`] : [Prisma.sql`DESC`, Prisma.sql`<`]
      return await readPage<ListedEvent, EventKey>(query, {
        name: 'events',
        filters: { ...filters, sort },
        keys: ({ revision, ordinal }) => [revision, ordinal],
        isKey: (values) => values.length === 2 && values.every(Number.isSafeInteger),
        read: async (after, take) => await withRetries(() => prisma.$queryRaw<ListedEvent[]>`
          SELECT k.revision::float8 AS revision, k.ordinal, (SELECT log_id FROM lab) AS log_id, (SELECT row_to_json(shown) FROM ${Prisma.raw(shownEvent)} shown) AS event
          ${source} ${after === null ? Prisma.empty : Prisma.sql`AND (k.revision, k.ordinal) ${beyond} (${after[0]}::bigint, ${after[1]}::int)`}
          ORDER BY k.revision ${direction}, k.ordinal ${direction} LIMIT ${take}`),
        count: async () => await withRetries(() => prisma.$queryRaw<[{ count: number }]>`SELECT count(*)::int AS count ${source}`).then(([{ count }]) => count)
      })
    }
  }
}

/** The FROM and WHERE of a filtered list. Each filter has its own index. `k` is the row by which the list is ordered. */
function sourceOf ({ after, container, device, kind, actor, step, experiment, recorded_after, recorded_before }: Omit<EventQuery, 'limit' | 'cursor' | 'count' | 'sort'>): Prisma.Sql {
  const from = device === undefined
    ? Prisma.sql`FROM event e CROSS JOIN LATERAL (SELECT e.revision, e.ordinal) k`
    : Prisma.sql`FROM (
        SELECT device_id, revision, ordinal FROM event_device UNION ALL SELECT device_id, revision, ordinal FROM event_log WHERE device_id IS NOT NULL
      ) k JOIN event e ON e.revision = k.revision AND e.ordinal = k.ordinal`
  const conditions = [Prisma.sql`k.revision > ${after ?? 0}::bigint`]
  if (device !== undefined) conditions.push(Prisma.sql`k.device_id = latest_device_named(${device})`)
  if (kind !== undefined) conditions.push(Prisma.sql`e.kind = ${kind}`)
  if (actor !== undefined) conditions.push(Prisma.sql`e.actor = ${actor}`)
  if (recorded_after !== undefined) conditions.push(Prisma.sql`k.revision >= ${firstRevisionSince(recorded_after)}`)
  if (recorded_before !== undefined) conditions.push(Prisma.sql`k.revision < ${firstRevisionSince(recorded_before)}`)
  if (step !== undefined) conditions.push(Prisma.sql`e.step_id = ${step}::uuid`)
  if (experiment !== undefined) conditions.push(Prisma.sql`e.experiment_id = ${experiment}::uuid`)
  if (container !== undefined) conditions.push(Prisma.sql`e.container_id = ANY (${containersNamed(container)})`)
  return Prisma.sql`${from} WHERE ${Prisma.join(conditions, ' AND ')}`
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
