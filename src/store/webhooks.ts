import { v7 as uuidv7 } from 'uuid'
import { invalid, Problem, problem } from '../contract/problems.ts'
import type {
  Webhook, WebhookAttempt, WebhookAttemptQuery, WebhookCreate, WebhookCreated, WebhookPatch, WebhookQuery, WebhookSecret, WebhookTest
} from '../contract/webhooks.ts'
import { newWebhookSecret } from '../domain/webhook-signature.ts'
import { targetFault } from '../domain/webhook-target.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { filtersOf, isIdKey, readPage, readPageById } from './pages.ts'
import { refusalDetail } from './refusals.ts'

/** How long both secrets are valid after a rotation. */
const overlapSeconds = 86_400

const columns = viewColumns('webhook')
const attemptColumns = 'id, message_id, type, attempt, started_at, seconds, delivered, status, error, response'
const matchingAttempts = 'FROM webhook_attempt a WHERE a.webhook_id = $1 AND ($2::boolean IS NULL OR a.delivered = $2)'

/** Webhooks. Each command is one call of a function in prisma/sql/webhook. src/webhooks/ delivers. */
export function webhookStore ({ pool }: Database) {
  async function read (id: string): Promise<Webhook> {
    const [found] = await runPrepared<Webhook>(pool, `SELECT ${columns} FROM webhook_state WHERE id = $1`, [id])
    if (found === undefined) throw problem('webhook-not-found', refusalDetail('webhook-not-found', {}), { webhook_id: id, parameter: 'id' })
    return found
  }

  return {
    read,

    async list (query: WebhookQuery) {
      return await readPageById<Webhook>(query, {
        name: 'webhooks',
        filters: filtersOf(query),
        read: async (after, take) => await runPrepared<Webhook>(pool, `SELECT ${columns} FROM webhook_state WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2`, [after, take]),
        count: async () => await runPrepared<{ count: number }>(pool, 'SELECT count(*)::int AS count FROM webhook', []).then(([row]) => row!.count)
      })
    },

    /** Creates a webhook. Only this result contains the secret. Throws a 400 for an address to which nothing can be sent. */
    async create ({ url, ...input }: WebhookCreate, audit: AuditContext): Promise<WebhookCreated> {
      const secret = newWebhookSecret()
      const prepared = { ...input, id: input.id ?? uuidv7(), url: targetOf(url), secret }
      const [made] = await runPrepared<Webhook>(pool, `SELECT ${columns} FROM create_webhook($1, $2)`, [prepared, audit]).catch((error: unknown) => { throw withoutSecret(error) })
      return { ...made!, secret }
    },

    async update (id: string, { url, ...input }: WebhookPatch, audit: AuditContext): Promise<Webhook> {
      const prepared = { ...input, ...url === undefined ? {} : { url: targetOf(url) } }
      const [changed] = await runPrepared<Webhook>(pool, `SELECT ${columns} FROM update_webhook($1, $2, $3)`, [id, prepared, audit])
      return changed!
    },

    async delete (id: string): Promise<void> {
      await runPrepared(pool, 'SELECT delete_webhook($1)', [id])
    },

    /** Gives it another secret, which only this result contains. */
    async rotate (id: string): Promise<WebhookSecret> {
      const secret = newWebhookSecret()
      const [rotated] = await runPrepared<Pick<WebhookSecret, 'previous_secret_ends_at'>>(pool, 'SELECT previous_secret_ends_at FROM renew_webhook_secret($1, $2, $3)', [id, secret, overlapSeconds])
      return { secret, ...rotated! }
    },

    /** Asks for a test message. An instance sends it within a second. Asked for again before that, it is the same message. */
    async test (id: string): Promise<WebhookTest> {
      const [asked] = await runPrepared<{ test: string }>(pool, 'SELECT set_webhook_test($1, $2) AS test', [id, uuidv7()])
      return { message_id: `test.${asked!.test}` }
    },

    /** Lets it deliver from a revision on, or try again at once. Throws a 400 for a revision that is not there yet. */
    async redeliver (id: string, fromRevision: number | undefined): Promise<Webhook> {
      const [moved] = await runPrepared<Webhook>(pool, `SELECT ${columns} FROM set_webhook_cursor($1, $2)`, [id, fromRevision ?? null])
      if (moved !== undefined) return moved
      const { delivered_revision: delivered, revisions_behind: behind } = await read(id)
      throw invalid({ in: 'body', pointer: '/from_revision', detail: `must be at most ${delivered + behind + 1}, the revision after the newest one` })
    },

    /** Its attempts, newest first. */
    async attempts (id: string, query: WebhookAttemptQuery) {
      const filters = filtersOf(query)
      const values = [id, filters.delivered ?? null]
      await read(id)
      return await readPage<WebhookAttempt, readonly [string]>(query, {
        name: 'webhook-attempts',
        filters: { ...filters, id },
        keys: (attempt) => [attempt.id],
        isKey: isIdKey,
        read: async (after, take) => await runPrepared<WebhookAttempt>(pool,
          `SELECT ${attemptColumns} ${matchingAttempts} AND ($3::uuid IS NULL OR a.id < $3) ORDER BY a.id DESC LIMIT $4`, [...values, after?.[0] ?? null, take]),
        count: async () => await runPrepared<{ count: number }>(pool, `SELECT count(*)::int AS count ${matchingAttempts}`, values).then(([row]) => row!.count)
      })
    }
  }
}

function targetOf (url: string): string {
  const fault = targetFault(url)
  if (fault !== null) throw invalid({ in: 'body', pointer: '/url', detail: fault })
  return new URL(url).href
}

/** A retry cannot be answered as the first request was, because the secret is shown once. */
function withoutSecret (error: unknown): unknown {
  if (!(error instanceof Problem) || error.code !== 'id-in-use') return error
  const { id } = error.members as { id: string }
  return problem('id-in-use', `There is a webhook with the id ${id}. If you created it and do not have its secret, send POST /api/webhooks/${id}/rotate. Otherwise use another id.`, error.members)
}
