import { AsyncLocalStorage } from 'node:async_hooks'
import { problem } from '../contract/problems.ts'
import type { Log } from '../domain/log.ts'
import { turns } from '../domain/turns.ts'
import type { EventLogStore, LogFilter, LogHead, LogPage } from '../store/event-log.ts'
import type { KeyStore } from '../store/keys.ts'
import type { SessionStore } from '../store/sessions.ts'
import { serviceVersion } from '../version.ts'
import { revisionFrame } from './frames.ts'
import { type Sink, type StreamHolder, StreamReader } from './reader.ts'

/** `pollMs` is how often the revision of the lab is read while anybody listens. */
export type FeedTimes = { pollMs: number, heartbeatMs: number }
export const feedTimes: FeedTimes = { pollMs: 150, heartbeatMs: 15_000 }

type FeedOptions = { eventLog: EventLogStore, keys: Pick<KeyStore, 'judge'>, sessions: Pick<SessionStore, 'judge'>, log: Log, auth: 'on' | 'off', maxStreams: number, times?: Partial<FeedTimes> }
type StreamStart = { head: LogHead, after: number | null, filter: LogFilter | null } & StreamHolder
type Waiter = { revision: number, resolve: () => void, reject: (error: Error) => void }

export type Feed = ReturnType<typeof openFeed>

/** So many readers that are behind read the log at the same time, so that they leave connections to everybody else. */
const catchUpReads = 2
const longestRetryMs = 5000
const closeMs = 400

/**
 * Tells readers what is new in the event log. One loop for the whole process reads the revision of the lab, and for all readers
 * together what is new since; it runs only while anybody listens or waits. Own writes wake it. See docs/adr/0042-the-stream-polls-the-revision.md.
 */
export function openFeed ({ eventLog, keys, sessions, log, auth, maxStreams, times }: FeedOptions) {
  const { pollMs, heartbeatMs } = { ...feedTimes, ...times }
  // The loop starts in a request, and must not run in its transaction or with its time limit.
  const outside = AsyncLocalStorage.snapshot()
  const readers = new Set<StreamReader>()
  const waiters = new Set<Waiter>()
  const catchUpTurns = turns(catchUpReads)
  const version = serviceVersion()
  let places = maxStreams
  let closed = false
  let running = false
  let woken = false
  let wakeUp = (): void => {}
  let nextBeat = 0
  /** The newest revision of which this process knows. */
  let known = -1
  /** The log of the live readers, and the revision up to which they have been told. */
  let logId: string | null = null
  let told = 0

  function wake (): void {
    woken = true
    wakeUp()
  }

  function ensureRunning (): void {
    if (running) return wake()
    running = true
    nextBeat = performance.now() + heartbeatMs
    outside(() => { void run() })
  }

  async function run (): Promise<void> {
    let failures = 0
    while (!closed && readers.size + waiters.size > 0) {
      woken = false
      try {
        const head = await poll()
        if (performance.now() >= nextBeat) await beat(head)
        failures = 0
      } catch (error) {
        failures += 1
        if (failures === 1) log.warn({ err: error }, 'event log cannot be read')
        for (const waiter of waiters) waiter.reject(error as Error)
        waiters.clear()
      }
      await pause(failures === 0 ? pollMs : Math.min(longestRetryMs, pollMs * 2 ** failures))
    }
    running = false
  }

  async function pause (ms: number): Promise<void> {
    if (woken) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    wakeUp = () => {}
  }

  async function poll (): Promise<LogHead> {
    const head = await eventLog.head()
    known = head.revision
    for (const waiter of waiters) {
      if (waiter.revision > head.revision) continue
      waiters.delete(waiter)
      waiter.resolve()
    }
    if (readers.size === 0) return head
    if (head.revision < told || head.log_id !== logId) resetAll(head)
    while (told < head.revision) await tellLive(head.revision)
    return head
  }

  function resetAll (head: LogHead): void {
    logId = head.log_id
    told = head.revision
    for (const reader of readers) reader.reset(head)
  }

  /** Reads the next page for all live readers, and tells each of them what it wants. */
  async function tellLive (newest: number): Promise<void> {
    const live = [...readers].filter(({ catchingUp }) => !catchingUp)
    if (live.length === 0) {
      told = newest
    } else {
      const { filters, indexes } = distinct(live)
      const page = await eventLog.read({ after: told, upTo: newest, filters, all: live.some(({ filter }) => filter === null) })
      const chunks = chunksOf(page)
      for (const reader of live) {
        const { chunk, frames } = chunks(indexes.get(reader) ?? null, reader.cursor)
        reader.deliver(chunk, frames, Math.max(page.through, reader.cursor))
      }
      told = page.through
    }
    // Whoever caught up during this read has not been told it.
    for (const reader of readers) if (!reader.catchingUp && reader.cursor < told) outside(() => { void catchUp(reader) })
  }

  /** Reads for one reader what it has missed, no faster than the reader takes it, until it is where the live readers are. */
  async function catchUp (reader: StreamReader): Promise<void> {
    reader.catchingUp = true
    let hasFailed = false
    while (reader.ended === null && reader.cursor < told) {
      await reader.drained()
      try {
        const { cursor, filter } = reader
        const wanted = { filters: filter === null ? [] : [filter], all: filter === null }
        const page = await catchUpTurns(async () => await eventLog.read({ after: cursor, upTo: told, ...wanted }))
        // The log can have been replaced during the read.
        if (reader.cursor !== cursor) continue
        const { chunk, frames } = chunksOf(page)(filter === null ? null : 0, cursor)
        reader.deliver(chunk, frames, page.through)
      } catch (error) {
        if (!hasFailed) log.warn({ err: error }, 'event log cannot be read')
        hasFailed = true
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    }
    reader.catchingUp = false
  }

  /** One query judges the keys of all streams, another one the sessions of browsers. A stream whose key or session has ended ends. */
  async function beat (head: LogHead): Promise<void> {
    nextBeat = performance.now() + heartbeatMs
    if (auth === 'on') {
      const open = [...readers]
      const different = (ids: readonly (string | null)[]): string[] => [...new Set(ids.flatMap((id) => id ?? []))]
      const { exist, valid } = await keys.judge(different(open.map(({ keyId }) => keyId)))
      const signedIn = await sessions.judge(different(open.map(({ sessionId }) => sessionId)))
      for (const reader of open) {
        // Without a key, a stream is allowed as long as there is none.
        const hasKey = reader.keyId === null ? !exist : valid.has(reader.keyId)
        if (!hasKey || (reader.sessionId !== null && !signedIn.has(reader.sessionId))) reader.bye('key-ended')
      }
    }
    for (const reader of readers) reader.heartbeat(head)
  }

  return {
    wake,

    /** Takes a place for a stream. Returns the function that gives it back. Throws `too-many-streams`. */
    reserve (): () => void {
      if (closed || places <= 0) {
        throw problem('too-many-streams', closed
          ? 'The service is stopping. Connect again in a few seconds.'
          : `This instance has ${maxStreams} open streams, which is its limit (MAX_STREAMS). Connect again in a few seconds, or to another instance.`, { limit: maxStreams })
      }
      places -= 1
      let isTaken = true
      return () => {
        if (isTaken) places += 1
        isTaken = false
      }
    },

    /**
     * Opens a stream from `after`, or from the newest revision. `head` was read just now. Calls `onEnd` once, when it has ended.
     */
    open (sink: Sink, { head, after, filter, keyId, sessionId }: StreamStart, onEnd: () => void): StreamReader {
      if (logId === null || readers.size === 0) {
        logId = head.log_id
        told = head.revision
      }
      const reader = new StreamReader(sink, { filter, cursor: after ?? head.revision, keyId, sessionId }, (ended) => {
        readers.delete(ended)
        onEnd()
      })
      readers.add(reader)
      reader.hello(head, version)
      if (reader.cursor > head.revision) reader.reset(head)
      if (closed) {
        reader.bye('shutdown')
      } else {
        outside(() => { void catchUp(reader) })
        ensureRunning()
      }
      return reader
    },

    /** Resolves with true when the database has this revision, and with false if it has not within `limitMs`. */
    async reaches (revision: number, limitMs: number): Promise<boolean> {
      if (revision <= known) return true
      return await new Promise<boolean>((resolve, reject) => {
        const end = (then: () => void) => (): void => {
          clearTimeout(timer)
          waiters.delete(waiter)
          then()
        }
        const timer = setTimeout(() => end(() => resolve(false))(), limitMs)
        const waiter: Waiter = { revision, resolve: end(() => resolve(true)), reject: (error) => end(() => reject(error))() }
        waiters.add(waiter)
        ensureRunning()
      })
    },

    /** A revision that a command of this process has written. */
    note (revision: number): void {
      known = Math.max(known, revision)
    },

    /** The revision of the lab now. */
    async revision (): Promise<number> {
      const { revision } = await eventLog.head()
      return revision
    },

    get streams (): number { return readers.size },

    /** Says goodbye to all readers. */
    async close (): Promise<void> {
      closed = true
      const open = [...readers]
      for (const reader of open) reader.bye('shutdown')
      wake()
      await Promise.all(open.map((reader) => reader.closed(closeMs)))
    }
  }
}

/** The different filters of some readers, and the index of the filter of each reader. */
function distinct (readers: readonly StreamReader[]): { filters: LogFilter[], indexes: Map<StreamReader, number> } {
  const numbers = new Map<string, number>()
  const filters: LogFilter[] = []
  const indexes = new Map<StreamReader, number>()
  for (const reader of readers) {
    if (reader.filter === null) continue
    const key = JSON.stringify(reader.filter)
    let n = numbers.get(key)
    if (n === undefined) {
      numbers.set(key, n = filters.length)
      filters.push(reader.filter)
    }
    indexes.set(reader, n)
  }
  return { filters, indexes }
}

type Chunk = { chunk: Uint8Array | null, frames: number }

/** The bytes of the frames of a page for one filter (null: all). Readers with the same filter share the bytes. */
function chunksOf ({ revisions }: LogPage): (filter: number | null, cursor: number) => Chunk {
  const frames = revisions.map((one) => ({ revision: one.revision, fits: one.fits, bytes: Buffer.from(revisionFrame(one)) }))
  const made = new Map<string, Chunk>()
  return (filter, cursor) => {
    const wanted = frames.filter(({ revision, fits }) => revision > cursor && (filter === null || fits.includes(filter)))
    if (wanted.length === 0) return { chunk: null, frames: 0 }
    const key = `${filter} ${wanted[0]!.revision}`
    let chunk = made.get(key)
    if (chunk === undefined) made.set(key, chunk = { chunk: Buffer.concat(wanted.map(({ bytes }) => bytes)), frames: wanted.length })
    return chunk
  }
}
