import type pg from 'pg'
import { turns } from '../domain/turns.ts'
import { runPrepared } from './commands.ts'
import { shownEvent } from './event-log.sql.ts'

// What the instance that delivers asks the database. The log is the queue, and each webhook has a cursor in it.

/** Attempts that are kept of one webhook. They are also deleted after 30 days. */
const mostAttempts = 10_000
/** So many revisions are searched at once for an event that a webhook wants. */
const searchedRevisions = 2000

type Cursor = { cursor_revision: number, cursor_ordinal: number }
type At = Cursor & { revision: number, ordinal: number }

/** A message to deliver. `at` is where its event is in the log, null for a test message. */
export type QueuedMessage = { id: string, type: string, body: string, url: string, secrets: readonly string[], at: At | null }

/** What came of an attempt. */
export type BookedAttempt = {
  id: string, message_id: string, type: string, started_at: Date, seconds: number
  delivered: boolean, status: number | null, error: string | null, response: string | null
}
export type Booking = { goes_on: boolean, failures: number, disabled_because: string | null }

const isWritable = "SELECT current_setting('transaction_read_only') = 'off' AS writable, EXISTS (SELECT FROM webhook) AS wanted"

// A webhook is not told of itself.
const nextStatement = `
  SELECT w.url, w.secret, CASE WHEN w.previous_secret_ends_at > clock_timestamp() THEN w.previous_secret END AS previous_secret, w.test_id,
    w.disabled_at IS NULL AND w.due_at <= clock_timestamp() AS due, w.cursor_revision::float8 AS cursor_revision, w.cursor_ordinal,
    l.log_id, least(l.revision, w.cursor_revision + ${searchedRevisions - 1})::float8 AS searched, wire_time(clock_timestamp()) AS now,
    found.revision::float8 AS revision, found.ordinal, found.kind, found.recorded_at, found.event
  FROM webhook w CROSS JOIN lab l
  LEFT JOIN LATERAL (
    SELECT e.revision, e.ordinal, e.kind, wire_time(e.recorded_at) AS recorded_at, row_to_json(shown)::text AS event
    FROM event e CROSS JOIN LATERAL ${shownEvent} shown
    WHERE (e.revision, e.ordinal) >= (w.cursor_revision, w.cursor_ordinal) AND e.revision < w.cursor_revision + ${searchedRevisions} AND e.revision <= l.revision
      AND (w.kinds IS NULL OR e.kind = ANY (w.kinds))
      AND (w.device_id IS NULL OR e.device_id = w.device_id OR EXISTS (SELECT FROM event_device d WHERE d.device_id = w.device_id AND d.revision = e.revision AND d.ordinal = e.ordinal))
      AND NOT (e.kind LIKE 'webhook-%' AND e.after->>'id' = w.id::text)
    ORDER BY e.revision, e.ordinal LIMIT 1
  ) found ON w.test_id IS NULL
  WHERE w.id = $1 AND w.leased_by = $2`

type NextRow = Cursor & {
  url: string, secret: string, previous_secret: string | null, test_id: string | null, due: boolean, log_id: string, searched: number, now: string
  revision: number | null, ordinal: number, kind: string, recorded_at: string, event: string
}

/** The queue of one instance, on a connection of its own. `holder` is the instance. */
export function webhookQueue (open: () => Promise<pg.Client>, { holder, leaseSeconds }: { holder: string, leaseSeconds: number }) {
  // Webhooks are delivered at the same time over one connection, which takes one statement at a time.
  const inTurn = turns(1)
  async function run<T extends object> (statement: string, values: unknown[]): Promise<T[]> {
    return await inTurn(async () => await runPrepared<T>(await open(), statement, values))
  }

  return {
    /** The ids of the webhooks that this instance begins to deliver now, beside the `active` ones. Null if there is none at all, or if the database accepts no writes. */
    async lease (active: readonly string[]): Promise<string[] | null> {
      const [state] = await run<{ writable: boolean, wanted: boolean }>(isWritable, [])
      if (!state!.writable || !state!.wanted) return null
      const leased = await run<{ id: string }>('SELECT id FROM lease_webhooks($1, $2, $3) AS id', [holder, leaseSeconds, active])
      return leased.map(({ id }) => id)
    },

    /** The next message of a webhook. Null if there is none now, or if this instance no longer has the webhook. Moves the cursor past what the webhook does not want. */
    async next (webhook: string): Promise<QueuedMessage | null> {
      for (;;) {
        const [row] = await run<NextRow>(nextStatement, [webhook, holder])
        if (row === undefined) return null
        const { url, secret, previous_secret, test_id, cursor_revision, cursor_ordinal, searched } = row
        const to = { url, secrets: previous_secret === null ? [secret] : [secret, previous_secret] }
        if (test_id !== null) return { ...to, id: `test.${test_id}`, type: 'webhook-test', body: bodyOf('webhook-test', row.now, JSON.stringify({ webhook_id: webhook })), at: null }
        if (!row.due) return null
        if (row.revision !== null) {
          const { revision, ordinal, kind } = row
          return { ...to, id: `${row.log_id}.${revision}.${ordinal}`, type: kind, body: bodyOf(kind, row.recorded_at, row.event), at: { revision, ordinal, cursor_revision, cursor_ordinal } }
        }
        if (cursor_revision > searched) return null
        await run(`UPDATE webhook SET cursor_revision = $5::bigint + 1, cursor_ordinal = 0, leased_until = clock_timestamp() + $6 * interval '1 second'
          WHERE id = $1 AND leased_by = $2 AND cursor_revision = $3 AND cursor_ordinal = $4`, [webhook, holder, cursor_revision, cursor_ordinal, searched, leaseSeconds])
      }
    },

    /** Stores what came of an attempt, and moves the webhook on. */
    async book (webhook: string, attempt: BookedAttempt, at: At | null, retryAfterSeconds: number | null): Promise<Booking> {
      const [booked] = await run<Booking>('SELECT goes_on, failures, disabled_because FROM book_webhook_attempt($1, $2, $3, $4, $5, $6)',
        [holder, webhook, attempt, at, retryAfterSeconds, leaseSeconds])
      return booked!
    },

    /** Lets other instances deliver a webhook, or all that this one has. */
    async release (webhook: string | null): Promise<void> {
      await run('SELECT release_webhooks($1, $2)', [holder, webhook])
    }
  }
}

/** Deletes attempts that are too old or too many. Returns how many there were. */
export async function pruneWebhookAttempts (client: pg.ClientBase, most = mostAttempts): Promise<number> {
  const { rows: [pruned] } = await client.query<{ count: number }>('SELECT prune_webhook_attempts($1) AS count', [most])
  return pruned!.count
}

/** The body of a message. `data` is JSON already. */
function bodyOf (type: string, timestamp: string, data: string): string {
  return `{"type":${JSON.stringify(type)},"timestamp":"${timestamp}","data":${data}}`
}
