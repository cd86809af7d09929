import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'

/** The revision of what a request has written. Null as long as no command has said it. */
export type WrittenRevision = { revision: number | null }

/**
 * `savepoints` counts on in a transaction inside another one, because a name that is used twice means the inner savepoint, also after it
 * was rolled back.
 */
export type AmbientTransaction = { client: pg.PoolClient, savepoints: number }

/** What statements must know of their request, although the handlers between do not pass it on. */
type RequestContext = {
  /** How long a connection is waited for. See `connectWithin`. */
  connectMs?: number
  /** See `asSmallRead`. */
  isSmallRead?: true
  /** See `noteRevision`. */
  written?: WrittenRevision
  /** See `inTransaction`. */
  transaction?: AmbientTransaction
  /** See `onPool`. */
  pool?: pg.Pool
}

// One for all of it: Node.js 20 copies the value of each AsyncLocalStorage into each promise.
const storage = new AsyncLocalStorage<RequestContext>()
const outside: RequestContext = {}

export function requestContext (): Readonly<RequestContext> {
  return storage.getStore() ?? outside
}

/** Runs `run` in the present context, with these members changed. */
export async function withContext<T> (members: RequestContext, run: () => Promise<T>): Promise<T> {
  return await storage.run({ ...storage.getStore(), ...members }, run)
}
