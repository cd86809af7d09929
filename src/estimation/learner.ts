import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../domain/log.ts'
import type { Database } from '../store/database.ts'
import { pruneIdempotencyKeys } from '../store/idempotency.ts'
import { refreshOutgrownStatistics } from '../store/outgrown-statistics.ts'
import { pruneWebhookAttempts } from '../store/webhook-queue.ts'
import { type LearntRun, learnNextRun, Stopped } from './learning.ts'
import { ownConnection } from '../store/own-connection.ts'
import { type YieldToRequests, slices } from '../domain/slices.ts'

/** How often an instance looks for a run that is over. One look reads a small index. A run is learnt well within 10 s of its end. */
const lookEveryMs = 2000
/** How often an instance deletes stored responses and attempts. Each time it reads the sizes of all. */
const pruneEveryMs = 60_000
/** After a failure the pause doubles, up to this. */
const maxPauseMs = 60_000
const statementTimeoutMs = 30_000
/** A stop waits at most this long. The database may no longer respond. */
const stopMs = 500

// On a standby, or on a database that accepts no writes, this instance does not learn.
const lookForWork = `
  SELECT current_setting('transaction_read_only') = 'off' AS writable, EXISTS (SELECT FROM run WHERE pending AND run_can_be_learnt(run)) AS pending`

export type Learner = ReturnType<typeof openLearner>

/**
 * Learns from finished runs beside the requests. It uses one connection of its own and one transaction for each run. Only one
 * instance learns at a time, and nothing waits for it. A run from which it cannot learn waits longer after each failure, and the others go on. It also deletes stored responses of `Idempotency-Key` and attempts of webhooks that are too old or too many, and refreshes the planner's statistics after a bulk load, so that
 * PostgreSQL plans estimates well at once. It connects when it is started, or when `learnNow` is called.
 */
export function openLearner ({ pool }: Pick<Database, 'pool'>, log: Pick<Log, 'info' | 'warn'>, { onLearnt = () => {} }: { onLearnt?: (run: LearntRun) => void } = {}) {
  const connection = ownConnection({ pool }, 'learner', statementTimeoutMs)
  let timer: NodeJS.Timeout | undefined
  const stopping = new AbortController()
  const isStopped = () => stopping.signal.aborted
  let failures = 0
  let prunedAt = -Infinity
  let last: Promise<unknown> = Promise.resolve()
  const slice = slices()

  const yieldToRequests: YieldToRequests = async () => {
    if (isStopped()) throw new Stopped()
    await slice()
  }

  /** Learns from all pending runs that are over, and returns them in order. Does nothing while another instance learns. */
  async function learnAll (): Promise<LearntRun[]> {
    const learnt: LearntRun[] = []
    if (isStopped()) return learnt
    try {
      const own = await connection.open()
      const { rows: [found] } = await own.query<{ writable: boolean, pending: boolean }>(lookForWork)
      if (!found!.writable) return learnt
      await refreshOutgrownStatistics(own)
      if (performance.now() - prunedAt >= pruneEveryMs) {
        prunedAt = performance.now()
        await pruneIdempotencyKeys(own)
        await pruneWebhookAttempts(own)
      }
      for (let more = found!.pending; more && !isStopped();) {
        const run = await learnNextRun(own, yieldToRequests)
        more = run !== null
        if (run === null) continue
        if ('error' in run) log.warn({ err: run.error, run: run.key, failures: run.failures }, 'learning from this run failed, others go on')
        else if (!run.again) {
          learnt.push(run)
          onLearnt(run)
        }
      }
    } catch (error) {
      await connection.close()
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
      // Only the first of several failures is logged.
      if (failures === 1) log.warn({ err: error }, 'learning from runs failed, will retry')
    }
    if (!isStopped()) lookIn(Math.min(lookEveryMs * 2 ** failures, maxPauseMs))
  }

  function lookIn (ms: number): void {
    timer = setTimeout(() => { void turn() }, ms).unref()
  }

  /** Calls wait for each other, because there is one connection. */
  async function next (): Promise<LearntRun[]> {
    const mine = last.then(learnAll)
    last = mine.catch(() => {})
    return await mine
  }

  return {
    /** Looks for finished runs every two seconds, until `stop`. */
    start (): void {
      if (timer === undefined) lookIn(lookEveryMs)
    },

    /** Learns at once, for tests and benchmarks. Throws the error of a failure. */
    learnNow: next,

    /** Stops. A run that is being learnt stays pending, and another instance or the next start learns it. */
    async stop (): Promise<void> {
      stopping.abort()
      clearTimeout(timer)
      await Promise.race([Promise.all([connection.close(), last]), sleep(stopMs, undefined, { ref: false })])
    }
  }
}
