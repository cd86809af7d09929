import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'

/**
 * `savepoints` counts on in a transaction inside another one, because a name that is used twice means the inner savepoint, also after it
 * was rolled back.
 */
export type AmbientTransaction = { client: pg.PoolClient, savepoints: number }

/** What statements must know of their request, although the handlers between do not pass it on: few requests have anything of it. */
type RequestContext = {
  /** How long a connection is waited for. See `connectWithin`. */
  connectMs?: number
  /** See `inTransaction`. */
  transaction?: AmbientTransaction
  /** See `onPool`. */
  pool?: pg.Pool
}

// One for all of it: Node.js 20 copies the value of each AsyncLocalStorage into each promise. While one is in use, every promise of the
// process takes longer, also in requests that need none. So it is disabled while nobody uses it, and most things are passed as arguments instead.
const storage = new AsyncLocalStorage<RequestContext>()
const outside: RequestContext = {}
let users = 0

export function requestContext (): Readonly<RequestContext> {
  return storage.getStore() ?? outside
}

/** Runs `run` in the present context, with these members changed. */
export async function withContext<T> (members: RequestContext, run: () => Promise<T>): Promise<T> {
  users += 1
  try {
    return await storage.run({ ...storage.getStore(), ...members }, run)
  } finally {
    users -= 1
    if (users === 0) storage.disable()
  }
}
