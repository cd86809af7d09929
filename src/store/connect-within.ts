import type pg from 'pg'
import { requestContext, withContext } from './request-context.ts'

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: () => void) => void

/** Runs `run`, which waits at most this long for each connection. For a request that has waited for its turn already. */
export async function connectWithin<T> (pool: pg.Pool, ms: number, run: () => Promise<T>): Promise<T> {
  return isThere(pool) ? await run() : await withContext({ connectMs: ms }, run)
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
    connected.then((client) => callback(undefined, client, () => client.release()), (error: Error) => callback(error, undefined, () => {}))
    return undefined
  }) as typeof pool.connect
  return pool
}
