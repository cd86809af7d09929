import type pg from 'pg'
import { requestContext, withContext } from './request-context.ts'

/** Runs `run`, which waits at most this long for each connection. For a request that has waited for its turn already. */
export async function connectWithin<T> (ms: number, run: () => Promise<T>): Promise<T> {
  return await withContext({ connectMs: ms }, run)
}

/** Makes `connect` of a pool obey `connectWithin`. Otherwise the limit of the pool applies. */
export function obeyConnectWithin<P extends pg.Pool> (pool: P): P {
  const connect = pool.connect.bind(pool) as (callback?: unknown) => unknown

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

  pool.connect = ((callback?: unknown) => {
    const { connectMs: ms } = requestContext()
    // An idle connection that nobody else waits for is there at once.
    const isThere = pool.idleCount > pool.waitingCount
    return ms === undefined || callback !== undefined || isThere ? connect(callback) : connectInTime(ms)
  }) as typeof pool.connect
  return pool
}
