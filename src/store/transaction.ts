import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'

// A request that must leave all or nothing, with its idempotency key or after an `If-Match`, has one transaction around
// everything its handler does. The handler knows nothing of it: whatever asks the pool for a connection while it runs is
// given the transaction's, and a transaction begun inside (Prisma's, the world's) is a savepoint.

type AmbientTransaction = { client: pg.PoolClient, savepoints: number }

const ambientTransaction = new AsyncLocalStorage<AmbientTransaction>()
const ambientPool = new AsyncLocalStorage<pg.Pool>()

/** Whether the caller runs inside `inOneTransaction`: then it must not try again by itself, since the transaction is lost with the statement. */
export function inAmbientTransaction (): boolean {
  return ambientTransaction.getStore() !== undefined
}

/** Runs all of `run` in one transaction. Undone when it throws. */
export async function inTransaction<T> (pool: pg.Pool, run: () => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await ambientTransaction.run({ client, savepoints: 0 }, run)
    const { command } = await client.query('COMMIT')
    // what failed inside and was not told would otherwise be lost without a word
    if (command !== 'COMMIT') throw new Error('A statement of the transaction had failed; nothing was changed.')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((lost: Error) => { broken = lost })
    throw error
  } finally {
    client.release(broken)
  }
}

/** Runs all of `run` on connections of another pool: whatever asks the usual pool for a connection gets one of `other`. */
export async function onPool<T> (other: pg.Pool, run: () => Promise<T>): Promise<T> {
  return await ambientPool.run(other, run)
}

/** Lets `inTransaction` surround what uses this pool, and `onPool` replace it. */
export function joinAmbientTransaction<P extends pg.Pool> (pool: P): P {
  const connect = pool.connect.bind(pool) as (callback?: unknown) => unknown
  type Callback = (error: undefined, client: pg.PoolClient, release: () => void) => void
  pool.connect = ((callback?: Callback) => {
    const present = ambientTransaction.getStore()
    if (present === undefined) return ambientPool.getStore()?.connect(callback as never) ?? connect(callback)
    const client = asOwnConnection(present)
    if (callback === undefined) return Promise.resolve(client)
    callback(undefined, client, () => {})
    return undefined
  }) as typeof pool.connect
  return pool
}

/** The transaction's connection, as a connection of its own: not released, and its transactions are savepoints. */
function asOwnConnection (present: AmbientTransaction): pg.PoolClient {
  const { client } = present
  const savepoint = `part_${++present.savepoints}`
  const inside: Readonly<Record<string, string>> = {
    BEGIN: `SAVEPOINT ${savepoint}`, COMMIT: `RELEASE SAVEPOINT ${savepoint}`, ROLLBACK: `ROLLBACK TO SAVEPOINT ${savepoint}`
  }
  const query = client.query.bind(client) as (config: unknown, ...others: unknown[]) => unknown
  return {
    query: (config: string | { text: string }, ...others: unknown[]) => {
      const translated = inside[typeof config === 'string' ? config : config.text]
      return query(translated === undefined ? config : typeof config === 'string' ? translated : { ...config, text: translated }, ...others)
    },
    on: client.on.bind(client),
    once: client.once.bind(client),
    removeListener: client.removeListener.bind(client),
    release: () => {}
  } as unknown as pg.PoolClient
}
