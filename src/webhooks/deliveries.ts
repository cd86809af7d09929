import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import type { Log } from '../domain/log.ts'
import { signedHeaders } from '../domain/webhook-signature.ts'
import type { Database } from '../store/database.ts'
import { ownConnection } from '../store/own-connection.ts'
import { type QueuedMessage, webhookQueue } from '../store/webhook-queue.ts'
import { serviceVersion } from '../version.ts'
import { sendMessage } from './send.ts'

/** `everyMs`: how often an instance looks for something to deliver. `timeoutMs`: how long a receiver has for its answer. */
export type DeliveryTimes = { everyMs: number, timeoutMs: number, leaseSeconds: number }
export const deliveryTimes: DeliveryTimes = { everyMs: 500, timeoutMs: 15_000, leaseSeconds: 40 }

/** Without any webhook, an instance looks this rarely. */
const idleEveryMs = 1000
/** After a failure the pause doubles, up to this. */
const maxPauseMs = 60_000
const statementTimeoutMs = 10_000
/** A stop waits this long for the receivers that are answering, and then for the database. */
const stopMs = 500

export type Deliveries = ReturnType<typeof openDeliveries>

/**
 * Delivers events to webhooks. All instances look twice a second for webhooks that are behind the log, and each of these is leased to one of them, which delivers
 * its messages one after another, in the order of the log. Webhooks do not wait for each other. What an instance has sent and not booked when it dies, another one
 * sends again under the same id. See docs/adr/0048-the-log-is-the-queue-of-webhooks.md.
 */
export function openDeliveries ({ pool }: Pick<Database, 'pool'>, log: Log, times: Partial<DeliveryTimes> = {}) {
  const { everyMs, timeoutMs, leaseSeconds } = { ...deliveryTimes, ...times }
  const connection = ownConnection({ pool }, 'webhooks', statementTimeoutMs)
  const queue = webhookQueue(async () => await connection.open(), { holder: randomUUID(), leaseSeconds })
  const userAgent = `platform-status/${serviceVersion()}`
  const stopping = new AbortController()
  const active = new Map<string, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let wasUsed = false
  let failures = 0

  /** Takes the webhooks that have something to deliver. Returns whether there are any webhooks. */
  async function look (): Promise<boolean> {
    if (isStopped) return false
    wasUsed = true
    const leased = await queue.lease([...active.keys()])
    for (const id of leased ?? []) {
      if (active.has(id)) continue
      active.set(id, deliver(id).catch(failed).finally(() => active.delete(id)))
    }
    return leased !== null
  }

  /** Delivers what a webhook has to be told now. */
  async function deliver (webhook: string): Promise<void> {
    for (;;) {
      const message = isStopped ? null : await queue.next(webhook)
      if (message === null || !await attempt(webhook, message)) return await queue.release(webhook)
    }
  }

  /** Sends a message and books what came of it. Returns whether the next message comes now. */
  async function attempt (webhook: string, { id, type, body, url, secrets, at }: QueuedMessage): Promise<boolean> {
    const started_at = new Date()
    const began = performance.now()
    const headers = { 'content-type': 'application/json', 'user-agent': userAgent, ...signedHeaders({ id, at: started_at, body, secrets }) }
    const { status, error, response, retryAfterSeconds } = await sendMessage(url, { headers, body, timeoutMs, stop: stopping.signal })
    const delivered = error === null
    const seconds = Math.round(performance.now() - began) / 1000
    const made = { id: uuidv7(), message_id: id, type, started_at, seconds, delivered, status, error, response }
    const booked = await queue.book(webhook, made, at, retryAfterSeconds)
    if (booked.disabled_because !== null) log.error({ webhook, status, reason: error }, 'webhook was switched off')
    else if (!delivered && booked.failures === 1) log.warn({ webhook, status, reason: error }, 'webhook was not delivered, will retry')
    return booked.goes_on
  }

  function failed (error: unknown): void {
    if (isStopped) return
    failures++
    // Only the first of several failures is logged.
    if (failures === 1) log.warn({ err: error }, 'delivering webhooks failed, will retry')
    void connection.close()
  }

  async function turn (): Promise<void> {
    let hasWebhooks = false
    const before = failures
    try {
      hasWebhooks = await look()
      if (failures === before) failures = 0
    } catch (error) {
      failed(error)
    }
    if (!isStopped) lookIn(Math.min((hasWebhooks || failures > 0 ? everyMs : Math.max(everyMs, idleEveryMs)) * 2 ** failures, maxPauseMs))
  }

  function lookIn (ms: number): void {
    timer = setTimeout(() => { void turn() }, ms).unref()
  }

  return {
    /** Looks again and again, until `stop`. */
    start (): void {
      if (timer === undefined && !isStopped) lookIn(everyMs)
    },

    /** Delivers what is due now, and waits for it, for tests. */
    async deliverNow (): Promise<void> {
      await look()
      await Promise.all(active.values())
    },

    /** Stops, and lets other instances deliver at once. A request that has no answer yet is broken off and not booked, so it is sent again. */
    async stop (): Promise<void> {
      if (isStopped) return
      isStopped = true
      clearTimeout(timer)
      const wait = async (work: Promise<unknown>): Promise<unknown> => await Promise.race([work.catch(() => {}), sleep(stopMs, undefined, { ref: false })])
      await wait(Promise.all(active.values()))
      stopping.abort()
      if (wasUsed) await wait(queue.release(null))
      await wait(connection.close())
    }
  }
}
