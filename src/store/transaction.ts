import type pg from 'pg'
import { isStalePlan } from './errors.ts'
import { type AmbientTransaction, requestContext, withContext } from './request-context.ts'

// A request with `Idempotency-Key` or `If-Match` runs in one transaction, so that it changes everything or nothing. The
// handler does not know about it: while it runs, the pool returns the connection of this transaction, and a transaction that
// the handler starts (by Prisma or by withLabLock) becomes a savepoint.

/** Whether the caller runs inside `inTransaction`. If so, it must not retry by itself, because a failed statement aborts the whole transaction. */
export function inAmbientTransaction (): boolean {
  return requestContext().transaction !== undefined
}

/** Runs `run` in one transaction. Rolls back when it throws. */
export async function inTransaction<T> (pool: pg.Pool, run: () => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await withContext({ transaction: { client, savepoints: requestContext().transaction?.savepoints ?? 0 } }, run)
    const { command } = await client.query('COMMIT')
    // If a statement failed and the error was swallowed, PostgreSQL answers COMMIT with ROLLBACK and no error.
    if (command !== 'COMMIT') throw Object.assign(new Error('A statement of the transaction failed. Nothing was changed.'), { code: '25P02', severity: 'ERROR' })
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((lost: Error) => { broken = lost })
    // The other statements of the connection may be stale, too. The next attempt gets another connection.
    if (isStalePlan(error)) broken = error as Error
    throw error
  } finally {
    client.release(broken)
  }
}

/** Runs `run` with connections of another pool. */
export async function onPool<T> (other: pg.Pool, run: () => Promise<T>): Promise<T> {
  return await withContext({ pool: other }, run)
}

/** Makes a pool return the connection of the ambient transaction, if there is one, and connections of the ambient pool, if there is one. */
export function joinAmbientTransaction<P extends pg.Pool> (pool: P): P {
  const connect = pool.connect.bind(pool) as (callback?: unknown) => unknown
  type Callback = (error: undefined, client: pg.PoolClient, release: () => void) => void
  pool.connect = ((callback?: Callback) => {
    const { transaction: ambient, pool: other } = requestContext()
    if (ambient === undefined) {
      return other === undefined || other === pool ? connect(callback) : other.connect(callback as never)
    }
    const client = asNestedConnection(ambient)
    if (callback === undefined) return Promise.resolve(client)
    callback(undefined, client, () => {})
    return undefined
  }) as typeof pool.connect
  return pool
}

/** The connection of the transaction. `release` does nothing, and BEGIN, COMMIT and ROLLBACK refer to a savepoint. */
function asNestedConnection (ambient: AmbientTransaction): pg.PoolClient {
  const { client } = ambient
  const savepoint = `part_${++ambient.savepoints}`
  const savepointCommands: Readonly<Record<string, string>> = {
    BEGIN: `SAVEPOINT ${savepoint}`, COMMIT: `RELEASE SAVEPOINT ${savepoint}`, ROLLBACK: `ROLLBACK TO SAVEPOINT ${savepoint}`
  }
  const query = client.query.bind(client) as (config: unknown, ...others: unknown[]) => unknown
  return {
    query: (config: string | { text: string }, ...others: unknown[]) => {
      const translated = savepointCommands[typeof config === 'string' ? config : config.text]
      return query(translated === undefined ? config : typeof config === 'string' ? translated : { ...config, text: translated }, ...others)
    },
    on: client.on.bind(client),
    once: client.once.bind(client),
    removeListener: client.removeListener.bind(client),
    release: () => {}
  } as unknown as pg.PoolClient
}
