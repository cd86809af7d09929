import { problem } from '../contract/problems.ts'
import { withRetries, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { inTransaction } from './transaction.ts'

/** A successful answer, as it is given again. */
export type StoredAnswer = { status: number, headers: Readonly<Record<string, string>>, body: string | null }

/** A key of a request: digests of who asks for what under which key, and of the request itself. */
export type RequestKey = { digest: string, requestDigest: string }

type Opened = { running: boolean, request_digest: string | null, status: number | null, headers: StoredAnswer['headers'], body: string | null }

/** The answers to requests that carried an `Idempotency-Key`. */
export function idempotencyStore ({ pool }: Database) {
  return {
    /**
     * Runs `effect` once for a key: its answer is stored in the transaction of the effect, and given again to whoever
     * repeats the request. Refuses a key whose first request is still running (409), or was another one (422).
     */
    async once (key: RequestKey, effect: () => Promise<StoredAnswer>): Promise<StoredAnswer & { replayed: boolean }> {
      return await withRetries(() => inTransaction(pool, async () => {
        const [opened] = await runPrepared<Opened>(pool, 'SELECT running, (stored).* FROM open_idempotency_key($1)', [key.digest])
        const { running, request_digest, status, headers, body } = opened!
        if (running) {
          throw problem('idempotency-key-running', 'The first request with this key is still running; ask again in a moment for its answer.')
        }
        if (status !== null) {
          if (request_digest !== key.requestDigest) {
            throw problem('idempotency-key-reused', 'This key was used for a request with another query or body; a new request wants a new key.')
          }
          return { status, headers, body, replayed: true }
        }
        const answer = await effect()
        await runPrepared(pool, 'SELECT store_idempotency_key($1, $2, $3, $4, $5)',
          [key.digest, key.requestDigest, answer.status, answer.headers, answer.body])
        return { ...answer, replayed: false }
      }))
    },

    /** Runs something in one transaction of its own, again when the database asks for it. */
    async together<T> (run: () => Promise<T>): Promise<T> {
      return await withRetries(() => inTransaction(pool, run))
    }
  }
}
