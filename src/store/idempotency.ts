import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type pg from 'pg'
import { problem } from '../contract/problems.ts'
import { withRetries, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { inTransaction } from './transaction.ts'

/** A successful response, as it is stored and returned to a retry. */
export type StoredResponse = { status: number, headers: Readonly<Record<string, string>>, body: string | null }

/** An idempotency key. `digest` covers actor, method, path and key; `requestDigest` covers query and body. */
export type RequestKey = { digest: string, requestDigest: string, actor: string | null }

/** Longer bodies are stored compressed. */
const mostPlainLength = 65_536
/** What one actor may keep. Of more, the oldest is deleted before its time. */
const mostKept = 100_000
const mostBytes = 268_435_456

const compress = promisify<string, { level: number }, Buffer>(gzip)
const uncompress = promisify<Buffer, Buffer>(gunzip)

type OpenedKey = { running: boolean, request_digest: string | null, status: number | null, headers: StoredResponse['headers'], body: string | null, body_gzip: Buffer | null }

/** Stored responses of requests with an `Idempotency-Key`. */
export function idempotencyStore ({ pool }: Database) {
  return {
    /**
     * Runs `effect` once for a key. Its response is stored in the same transaction, and returned to retries. Throws
     * `idempotency-key-running` while the first request is running, and `idempotency-key-reused` when it was another request.
     */
    async once (key: RequestKey, effect: () => Promise<StoredResponse>): Promise<StoredResponse & { replayed: boolean }> {
      return await withRetries(() => inTransaction(pool, async () => {
        const [opened] = await runPrepared<OpenedKey>(pool,
          'SELECT running, (stored).request_digest, (stored).status, (stored).headers, (stored).body, (stored).body_gzip FROM open_idempotency_key($1)', [key.digest])
        const { running, request_digest, status, headers, body, body_gzip } = opened!
        if (running) {
          throw problem('idempotency-key-running', 'The first request with this key is still running. Retry in a moment to get its response.')
        }
        if (status !== null) {
          if (request_digest !== key.requestDigest) {
            throw problem('idempotency-key-reused', 'This key was already used for a request with another query or body. Use a new key for a new request.')
          }
          return { status, headers, body: body_gzip === null ? body : (await uncompress(body_gzip)).toString(), replayed: true }
        }
        const response = await effect()
        const isLarge = response.body !== null && response.body.length > mostPlainLength
        await runPrepared(pool, 'SELECT store_idempotency_key($1, $2, $3, $4, $5, $6, $7)', [
          key.digest, key.requestDigest, response.status, response.headers,
          isLarge ? null : response.body, isLarge ? await compress(response.body!, { level: 1 }) : null, key.actor
        ])
        return { ...response, replayed: false }
      }))
    },

    /** Runs `run` in one transaction, with retries. */
    async together<T> (run: () => Promise<T>): Promise<T> {
      return await withRetries(() => inTransaction(pool, run))
    }
  }
}

/** Deletes stored responses that are too old, and the oldest of an actor that keeps too much. Returns how many there were. */
export async function pruneIdempotencyKeys (client: pg.ClientBase, most = { kept: mostKept, bytes: mostBytes }): Promise<number> {
  const { rows: [pruned] } = await client.query<{ count: number }>('SELECT prune_idempotency_keys($1, $2) AS count', [most.kept, most.bytes])
  return pruned!.count
}
