import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../domain/log.ts'
import type { Database } from '../store/database.ts'
import { refreshOutgrownStatistics } from '../store/outgrown-statistics.ts'
import { type Breathe, type LearntRun, learnNextRun } from './learning.ts'

/** How often an instance looks whether a run is over: one read of a small index. What ended is learnt well within 10 s. */
const lookEveryMs = 2000
/** What fails is tried again after twice the time, up to this. */
const longestPauseMs = 60_000
/** The event loop is given back after so long; the requests that wait for it take turns with the learner. */
const sliceMs = 5
const statementTimeoutMs = 30_000
/** A database that cannot be heard any more does not keep the service from stopping. */
const stopMs = 500

// A standby and a database that takes no writes say so here; then somebody else learns, or nobody.
const anythingToDo = `
  SELECT current_setting('transaction_read_only') = 'off' AS writable, EXISTS (SELECT FROM run WHERE pending AND run_is_over(run)) AS pending`

export type Learner = ReturnType<typeof openLearner>

class Stopped extends Error {}

/**
 * Learns from runs that are over, beside the requests: on one connection of its own, a run a transaction, one instance at a
 * time. Nothing waits for it. It also keeps the planner's statistics from being outgrown by a bulk load, so that estimates are
 * planned as well right after one as later. Nothing connects before it is started or asked to learn.
 */
export function openLearner ({ pool }: Pick<Database, 'pool'>, log: Pick<Log, 'info' | 'warn'>) {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  const stopping = new AbortController()
  const isStopped = () => stopping.signal.aborted
  let failures = 0
  let last: Promise<unknown> = Promise.resolve()
  let sliceBegan = 0

  const breathe: Breathe = async () => {
    if (isStopped()) throw new Stopped()
    if (performance.now() - sliceBegan < sliceMs) return
    await nextTurn()
    sliceBegan = performance.now()
  }

  async function connection (): Promise<pg.Client> {
    if (client !== undefined) return client
    const fresh = client = new pg.Client({
      ...pool.options,
      application_name: 'platform-status learner',
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + pool.options.connectionTimeoutMillis!,
      idle_in_transaction_session_timeout: statementTimeoutMs
    })
    // the query under way fails with it; an idle connection that broke is replaced the next time
    fresh.on('error', () => {})
    fresh.on('end', () => { if (client === fresh) client = undefined })
    await fresh.connect()
    return fresh
  }

  /** Closes the connection, in the middle of a statement, too: the server then undoes the transaction. */
  async function disconnect (): Promise<void> {
    const open = client
    client = undefined
    await open?.end().catch(() => {})
  }

  /** Learns all that is pending and over, unless another instance is at it; the runs, in order. */
  async function learnAll (): Promise<LearntRun[]> {
    const learnt: LearntRun[] = []
    if (isStopped()) return learnt
    try {
      const own = await connection()
      const { rows: [found] } = await own.query<{ writable: boolean, pending: boolean }>(anythingToDo)
      if (!found!.writable) return learnt
      await refreshOutgrownStatistics(own)
      for (let more = found!.pending; more && !isStopped();) {
        sliceBegan = performance.now()
        const run = await learnNextRun(own, breathe)
        more = run !== null
        if (run !== null) learnt.push(run)
      }
    } catch (error) {
      await disconnect()
      if (!isStopped()) throw error
    }
    return learnt
  }

  async function turn (): Promise<void> {
    try {
      for (const { key, steps } of await next()) log.info({ run: key, steps }, 'learnt from a run')
      failures = 0
    } catch (error) {
      failures++
      // once, until it works again
      if (failures === 1) log.warn({ err: error }, 'learning from runs failed, trying on')
    }
    if (!isStopped()) lookIn(Math.min(lookEveryMs * 2 ** failures, longestPauseMs))
  }

  function lookIn (ms: number): void {
    timer = setTimeout(() => { void turn() }, ms).unref()
  }

  /** One at a time, since there is one connection. */
  async function next (): Promise<LearntRun[]> {
    const mine = last.then(learnAll)
    last = mine.catch(() => {})
    return await mine
  }

  return {
    /** Looks every two seconds from now on, until it is stopped. */
    start (): void {
      if (timer === undefined) lookIn(lookEveryMs)
    },

    /** Learns now what is pending and over: for those who cannot wait two seconds. Throws what went wrong. */
    learnNow: next,

    /** Leaves what is being learnt to whoever comes next. */
    async stop (): Promise<void> {
      stopping.abort()
      clearTimeout(timer)
      await Promise.race([Promise.all([disconnect(), last]), sleep(stopMs, undefined, { ref: false })])
    }
  }
}
