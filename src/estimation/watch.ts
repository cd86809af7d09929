import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningStep } from '../contract/running.ts'
import type { Log } from '../domain/log.ts'
import { runPrepared } from '../store/commands.ts'
import type { Database } from '../store/database.ts'
import { defaultConfidence } from './estimate.ts'
import { ownConnection } from '../store/own-connection.ts'
import type { StepCursor } from './under-way.sql.ts'
import { runningNow } from './running.ts'

/** How often an instance looks. */
export const watchEveryMs = 5000
/** After a failure the pause doubles, up to this. */
const maxPauseMs = 60_000
const statementTimeoutMs = 10_000
/** A stop waits at most this long. The database may no longer respond. */
const stopMs = 500

const isWritable = "SELECT current_setting('transaction_read_only') = 'off' AS writable"
const takeLease = `
  INSERT INTO watch_lease (id, holder, expires_at) VALUES (1, $1, clock_timestamp() + $2 * interval '1 millisecond')
  ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE watch_lease.holder = excluded.holder OR watch_lease.expires_at <= clock_timestamp()
  RETURNING 1`
const loseSessions = 'SELECT lose_sessions($1) AS changed'
const setAlarms = 'SELECT set_alarms($1, $2, $3) AS changed'

// The audit context of what no request caused.
const lost = { actor: null, reason: 'The lease of the orchestrator is over.', request_id: null }
const byWatch = { actor: null, reason: null, request_id: null }

export type Watch = ReturnType<typeof openWatch>

/** What a look did. `idle`: another instance watches, or the database accepts no writes. */
export type Look = { idle: true } | { idle: false, lost: number, alarms: number }

/**
 * Watches the steps that run: those of sessions that are over are lost, and those that take far longer than ever are alarms. All instances look
 * every few seconds, and one of them acts: it holds a lease in the database. When it stops or dies, another one takes over within three looks.
 */
export function openWatch ({ pool }: Pick<Database, 'pool'>, log: Pick<Log, 'warn'>, everyMs = watchEveryMs) {
  const connection = ownConnection({ pool }, 'watch', statementTimeoutMs)
  const holder = randomUUID()
  let timer: NodeJS.Timeout | undefined
  // One look judges one page of the steps that run, so its work is bounded. The next one goes on there, and begins anew after the oldest.
  let below: StepCursor | undefined
  let isStopped = false
  let failures = 0
  const initial: Promise<unknown> = Promise.resolve()
  let last = initial

  async function look (): Promise<Look> {
    if (isStopped) return { idle: true }
    const own = await connection.open()
    const [state] = await runPrepared<{ writable: boolean }>(own, isWritable, [])
    if (!state!.writable || (await runPrepared(own, takeLease, [holder, 2 * everyMs])).length === 0) return { idle: true }
    const [sessions] = await runPrepared<{ changed: number }>(own, loseSessions, [lost])
    const { items, next: following } = await runningNow(own, defaultConfidence, below)
    below = following ?? undefined
    const idsOf = (looked: readonly RunningStep[]) => looked.map(({ step }) => step.id)
    const [alarms] = await runPrepared<{ changed: number }>(own, setAlarms, [idsOf(items), idsOf(items.filter(({ state }) => state === 'alarm')), byWatch])
    return { idle: false, lost: sessions!.changed, alarms: alarms!.changed }
  }

  /** Looks wait for each other, because there is one connection. */
  async function next (): Promise<Look> {
    const mine = last.then(look).catch(async (error: unknown) => {
      await connection.close()
      if (isStopped) return { idle: true } as const
      throw error
    })
    last = mine.catch(() => {})
    return await mine
  }

  async function turn (): Promise<void> {
    try {
      await next()
      failures = 0
    } catch (error) {
      failures++
      // Only the first of several failures is logged.
      if (failures === 1) log.warn({ err: error }, 'watching the running steps failed, will retry')
    }
    if (!isStopped) lookIn(Math.min(everyMs * 2 ** failures, maxPauseMs))
  }

  function lookIn (ms: number): void {
    timer = setTimeout(() => { void turn() }, ms).unref()
  }

  async function release (): Promise<void> {
    await last
    const own = await connection.open()
    await own.query('DELETE FROM watch_lease WHERE holder = $1', [holder])
  }

  return {
    /** Looks every few seconds, until `stop`. */
    start (): void {
      if (timer === undefined && !isStopped) lookIn(everyMs)
    },

    /** Looks at once, for tests. Throws the error of a failure. */
    lookNow: next,

    /** Stops, and lets another instance watch at once. */
    async stop (): Promise<void> {
      if (isStopped) return
      isStopped = true
      clearTimeout(timer)
      const wasUsed = last !== initial
      await Promise.race([wasUsed ? release().catch(() => {}) : undefined, sleep(stopMs, undefined, { ref: false })])
      await Promise.race([connection.close(), sleep(stopMs, undefined, { ref: false })])
    }
  }
}
