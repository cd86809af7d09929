import type pg from 'pg'
import { requestContext, withContext } from './request-context.ts'

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: () => void) => void

/**
 * Runs `run`, which waits at most this long for each connection. For a request that has waited for its turn already. While a connection of `pool` is idle
 * there is nothing to wait for, and `run` has no context, which would make all requests slower: then the limit of the pool applies.
 */
export async function connectWithin<T> (pool: pg.Pool, ms: number, run: () => Promise<T>): Promise<T> {
  return isThere(pool) ? await run() : await withConnectLimit(ms, run)
}

/** Runs `run`, which waits at most this long for each connection of any pool. */
export async function withConnectLimit<T> (ms: number, run: () => Promise<T>): Promise<T> {
  return await withContext({ connectMs: ms }, run)
}

/** Whether a connection is idle that nobody else waits for. */
function isThere ({ idleCount, waitingCount }: pg.Pool): boolean {
  return idleCount > waitingCount
}

/** Makes `connect` of a pool obey `connectWithin`. Otherwise the limit of the pool applies. */
export function obeyConnectWithin<P extends pg.Pool> (pool: P): P {
  const connect = pool.connect.bind(pool) as (callback?: Connected) => unknown

  async function connectInTime (ms: number): Promise<pg.PoolClient> {
    return await new Promise((resolve, reject) => {
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        // The text of the pool for the same case.
        reject(new Error('timeout exceeded when trying to connect'))
      }, ms)
      const connected = connect() as Promise<pg.PoolClient>
      connected.then((client) => isLate ? client.release() : resolve(client), reject).finally(() => clearTimeout(timer))
    })
  }

  pool.connect = ((callback?: Connected) => {
    const { connectMs: ms } = requestContext()
    if (ms === undefined || isThere(pool)) return connect(callback)
    const connected = connectInTime(ms)
    if (callback === undefined) return connected
    // Outside of the promise, so that what the callback throws is thrown as from the pool.
    connected.then((client) => {
      process.nextTick(callback, undefined, client, (broken?: Error) => client.release(broken))
    }, (error: Error) => {
      process.nextTick(callback, error, undefined, () => {})
    })
    return undefined
  }) as typeof pool.connect
  return pool
}
