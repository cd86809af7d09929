import type { Event } from '../contract/events.ts'
import { type Queryable, runPrepared } from './commands.ts'
import { jsonColumns, type MemberKinds } from './json-row.ts'

/** The end of the event log: its newest revision, which log it is, and the time of the database. */
export type LogHead = { revision: number, log_id: string, now: string }

/** Which revisions a reader of the log wants: those with an event that fits all members that are not null. */
export type LogFilter = { device: string | null, container: string | null, barcode: string | null, experiment: string | null, kind: string | null }

/** One revision of the log. `events` is JSON text, or null if there is too much of it. `fits` has the indexes of the filters that want it. */
export type LoggedRevision = {
  revision: number, recorded_at: string, actor: string | null, request_id: string | null, count: number, events: string | null, fits: readonly number[]
}

/** Some revisions of the log, in order. All wanted ones up to `through` are among them. */
export type LogPage = { revisions: LoggedRevision[], through: number }

/** A revision with more events, or with more bytes of JSON, is told by its number of events only. */
export const largestRevision = { events: 200, bytes: 262_144 } as const
/** A page ends after so many bytes of JSON, and covers at most so many revisions: more if filters skip most of them. */
const largestPage = { bytes: 524_288, revisions: 200, filteredRevisions: 2000 } as const

const headStatement = 'SELECT revision::float8 AS revision, log_id, wire_time(clock_timestamp()) AS now FROM lab'

export async function readHead (database: Queryable): Promise<LogHead> {
  const [head] = await runPrepared<LogHead>(database, headStatement, [])
  return head!
}

const eventMembers: MemberKinds<Event> = {
  revision: 'value', recorded_at: 'time', kind: 'value', actor: 'value', reason: 'value', request_id: 'value',
  container_id: 'value', device_id: 'value', step_id: 'value', experiment_id: 'value', before: 'value', after: 'value'
}

/** An event `e` as the list, the stream and webhooks show it: each column is a member of the JSON. */
export const shownEvent = `(SELECT ${jsonColumns(eventMembers, 'e')})`

// The newest revisions and their events are committed together, so a reader that has seen a revision finds all its events.
// The sizes are those of the stored rows, which can be compressed: they keep the statement from building far too much.
//
// Hundreds of readers can have filters of their own, and a revision can have thousands of events. So events are not compared with filters one by one: each filter
// is joined by its most selective member, and the others are looked at where that one fits. OFFSET 0 makes PostgreSQL look up each event or each filter in an index.
const pageStatement = `
  WITH filter AS MATERIALIZED (
    SELECT *, container IS NOT NULL OR barcode IS NOT NULL AS by_container
    FROM jsonb_to_recordset($3::jsonb) AS f (n integer, device uuid, container uuid, barcode text, experiment uuid, kind text)
  ), logged AS MATERIALIZED (
    SELECT revision, ordinal, kind, container_id, device_id, step_id, experiment_id, concerns FROM event_log
    WHERE revision > $1::bigint AND revision <= $2::bigint AND $3::jsonb <> '[]'
  ), further AS (
    SELECT revision, ordinal, unnest(concerns) AS id FROM logged WHERE concerns IS NOT NULL
  ), taking_part AS MATERIALIZED (
    SELECT p.* FROM (
      SELECT revision, ordinal, container_id AS id FROM logged WHERE container_id IS NOT NULL
      UNION ALL SELECT revision, ordinal, id FROM further
      UNION ALL SELECT l.revision, l.ordinal, sc.container_id FROM logged l
        CROSS JOIN LATERAL (SELECT container_id FROM container_of_step WHERE step_id = l.step_id AND container_id IS NOT NULL OFFSET 0) sc
    ) p WHERE EXISTS (SELECT FROM filter WHERE by_container)
  ), labelled AS (
    SELECT p.id, b.barcode FROM (SELECT DISTINCT id FROM taking_part) p
    CROSS JOIN LATERAL (SELECT DISTINCT barcode FROM label_event WHERE container_id = p.id OFFSET 0) b
    WHERE EXISTS (SELECT FROM filter WHERE barcode IS NOT NULL)
  ), candidate AS (
    SELECT f.n, p.revision, p.ordinal FROM filter f JOIN taking_part p ON p.id = f.container
    UNION ALL SELECT f.n, p.revision, p.ordinal FROM filter f JOIN labelled b ON b.barcode = f.barcode JOIN taking_part p ON p.id = b.id
    UNION ALL SELECT f.n, l.revision, l.ordinal FROM filter f JOIN logged l ON l.experiment_id = f.experiment WHERE NOT f.by_container
    UNION ALL SELECT f.n, c.revision, c.ordinal FROM filter f JOIN further c ON c.id = f.experiment WHERE NOT f.by_container
    UNION ALL SELECT f.n, l.revision, l.ordinal FROM filter f JOIN logged l ON l.device_id = f.device WHERE NOT f.by_container AND f.experiment IS NULL
    UNION ALL SELECT f.n, d.revision, d.ordinal FROM filter f CROSS JOIN LATERAL (
      SELECT revision, ordinal FROM event_device WHERE device_id = f.device AND revision > $1::bigint AND revision <= $2::bigint OFFSET 0
    ) d WHERE NOT f.by_container AND f.experiment IS NULL
    UNION ALL SELECT f.n, l.revision, l.ordinal FROM filter f JOIN logged l ON l.kind = f.kind WHERE NOT f.by_container AND f.experiment IS NULL AND f.device IS NULL
  ), fitting AS (
    SELECT l.revision, array_agg(DISTINCT f.n) AS fits
    FROM candidate JOIN filter f USING (n) JOIN logged l USING (revision, ordinal)
    WHERE (f.kind IS NULL OR l.kind = f.kind)
      AND (f.experiment IS NULL OR l.experiment_id = f.experiment OR f.experiment = ANY (l.concerns))
      AND (f.device IS NULL OR l.device_id = f.device OR EXISTS (
        SELECT FROM event_device d WHERE d.device_id = f.device AND d.revision = l.revision AND d.ordinal = l.ordinal OFFSET 0))
    GROUP BY l.revision
  ), counted AS (
    SELECT revision, count(*)::integer AS count, sum(coalesce(pg_column_size(was), 0) + 2 * coalesce(pg_column_size(became), 0)) AS bytes
    FROM event_log WHERE revision > $1::bigint AND revision <= $2::bigint
    GROUP BY revision
  ), wanted AS (
    SELECT c.revision, c.count, f.fits, sum(c.bytes) OVER (ORDER BY c.revision) - c.bytes AS bytes_before, count(*) OVER ()::integer AS wanted
    FROM counted c LEFT JOIN fitting f USING (revision) WHERE $4::boolean OR f.fits IS NOT NULL
  )
  SELECT w.revision::float8 AS revision, wire_time(first.recorded_at) AS recorded_at, first.actor, first.request_id, w.count, w.wanted,
    CASE WHEN octet_length(told.events) <= ${largestRevision.bytes} THEN told.events END AS events, coalesce(w.fits, '{}') AS fits
  FROM wanted w
  CROSS JOIN LATERAL (SELECT e.recorded_at, e.actor, e.request_id FROM event e WHERE e.revision = w.revision ORDER BY e.ordinal LIMIT 1) first
  LEFT JOIN LATERAL (
    SELECT json_agg(row_to_json(shown) ORDER BY shown_ordinal)::text AS events
    FROM event e CROSS JOIN LATERAL (SELECT e.ordinal) o (shown_ordinal)
    CROSS JOIN LATERAL ${shownEvent} shown
    WHERE e.revision = w.revision
  ) told ON w.count <= ${largestRevision.events}
  WHERE w.bytes_before < ${largestPage.bytes}
  ORDER BY w.revision`

/**
 * Reads the revisions after `after`, at most up to `upTo`, that one of the filters wants, or all. One statement for any number of filters;
 * the size of a page is limited.
 */
export async function readLog (
  database: Queryable, { after, upTo, filters, all }: { after: number, upTo: number, filters: readonly LogFilter[], all: boolean }
): Promise<LogPage> {
  const last = Math.min(upTo, after + (all ? largestPage.revisions : largestPage.filteredRevisions))
  const numbered = JSON.stringify(filters.map((filter, n) => ({ n, ...filter })))
  const rows = await runPrepared<LoggedRevision & { wanted: number }>(database, pageStatement, [after, last, numbered, all])
  const revisions: LoggedRevision[] = []
  let bytes = 0
  for (const { wanted: _, ...row } of rows) {
    if (bytes >= largestPage.bytes) break
    bytes += row.events?.length ?? 0
    revisions.push(row)
  }
  const isWhole = revisions.length === (rows[0]?.wanted ?? 0)
  return { revisions, through: isWhole ? last : revisions.at(-1)!.revision }
}

const knownStatement = `
  SELECT revision::float8 AS revision, log_id, wire_time(clock_timestamp()) AS now, pg_is_in_recovery() AS standby,
    latest_device_named($1) AS device,
    EXISTS (SELECT FROM container WHERE id = $2::uuid OR barcode = $3) OR EXISTS (SELECT FROM label_event WHERE barcode = $3) AS container,
    EXISTS (SELECT FROM experiment WHERE id = $4::uuid) AS experiment
  FROM lab`

/** The end of the log, whether this database is a standby, and which of the things that a filter names exist. */
export type KnownThings = LogHead & { standby: boolean, device: string | null, container: boolean, experiment: boolean }

export async function readKnown (database: Queryable, { device, container, barcode, experiment }: Omit<LogFilter, 'kind'>): Promise<KnownThings> {
  const [known] = await runPrepared<KnownThings>(database, knownStatement, [device, container, barcode, experiment])
  return known!
}
