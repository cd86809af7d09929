import type { LabState, StreamRevision } from '../api/generated/schema.d.ts'
import { readFrames, type Frame } from './stream.ts'
import { applyFrame, worldOf, type World } from './world.ts'

/** How the page is connected. Times are those of this machine, in milliseconds. */
export type Link =
  | { state: 'starting' }
  | { state: 'live' }
  | { state: 'catching-up', at: number, newest: number }
  | { state: 'lost', since: number }
  | { state: 'no-database', since: number }
  | { state: 'signed-out' }

export type Live = {
  /** Null until the lab was read for the first time. */
  world: World | null
  link: Link
  /** The version of the service. */
  version: string | null
  /** How often the lab had to be read again because the page had missed something. */
  resyncs: number
  /** What to add to the clock of this machine to have that of the database. */
  clockAheadMs: number
}

export type LiveLab = {
  get: () => Live
  subscribe: (listener: () => void) => () => void
  /** Calls back after each frame that changed the lab or its log, and with null after the lab was read as a whole. */
  onChange: (listener: (frame: StreamRevision | null) => void) => () => void
  /** Waits until the page shows this revision; not for ever. */
  reached: (revision: number) => Promise<void>
  /** Connects at once: the network is back, or somebody looks at the page again. A connection of which nothing was heard for a while is given up. */
  wake: () => void
  /** The network is gone. */
  lose: () => void
  stop: () => void
}

type Options = {
  readLab: (signal: AbortSignal) => Promise<Response>
  openStream: (after: number, signal: AbortSignal) => Promise<Response>
  retryMs?: readonly number[]
  /** A connection that is lost for less than this is not worth a word. */
  graceMs?: number
  /** How long after a heartbeat the page may be behind it. */
  behindMs?: number
}

const reachedMs = 5000
/** Somewhat more than the time between heartbeats. */
const quietMs = 20_000

/** Keeps the lab as it is: reads it once, then follows the stream, for ever. */
export function openLiveLab ({ readLab, openStream, retryMs = [500, 1000, 2000, 4000, 8000], graceMs = 3000, behindMs = 2000 }: Options): LiveLab {
  let live: Live = { world: null, link: { state: 'starting' }, version: null, resyncs: 0, clockAheadMs: 0 }
  const listeners = new Set<() => void>()
  const changeListeners = new Set<(frame: StreamRevision | null) => void>()
  const ended = new AbortController()
  let connection = new AbortController()
  let isWorldOld = true
  let newest = 0
  let logId: string | null = null
  let failures = 0
  // The browser wakes each page that it has just opened; what that page waits for is new.
  let heardAt = Date.now()
  let wakeUp = (): void => {}
  let graceTimer: ReturnType<typeof setTimeout> | undefined
  let behindTimer: ReturnType<typeof setTimeout> | undefined

  function set (change: Partial<Live>): void {
    live = { ...live, ...change }
    for (const one of listeners) one()
  }

  function linked (link: Link): void {
    clearTimeout(graceTimer)
    graceTimer = undefined
    if (JSON.stringify(link) !== JSON.stringify(live.link)) set({ link })
  }

  function lost (): void {
    if (graceTimer !== undefined || ['lost', 'no-database', 'signed-out'].includes(live.link.state)) return
    const since = Date.now()
    graceTimer = setTimeout(() => linked({ state: 'lost', since }), graceMs)
  }

  function told (frame: StreamRevision | null): void {
    for (const one of changeListeners) one(frame)
  }

  function upToDate (): void {
    const at = live.world?.revision ?? 0
    linked(at >= newest ? { state: 'live' } : { state: 'catching-up', at, newest })
  }

  /** Says what a refusal means. Returns whether there was one. */
  function isRefused (answer: Response): boolean {
    if (answer.ok) return false
    if (answer.status === 401 || answer.status === 403) linked({ state: 'signed-out' })
    else if (answer.status === 503 && answer.headers.get('content-type')?.includes('problem') === true) {
      if (live.link.state !== 'no-database') linked({ state: 'no-database', since: Date.now() })
    } else lost()
    return true
  }

  async function readWorld (): Promise<boolean> {
    const answer = await readLab(connection.signal)
    if (isRefused(answer)) return false
    const world = worldOf(await answer.json() as LabState)
    isWorldOld = false
    newest = Math.max(newest, world.revision)
    set({ world })
    told(null)
    return true
  }

  /** Returns false when the lab has to be read as a whole: the reading of the stream ends. */
  function take (frame: Frame): boolean {
    heardAt = Date.now()
    const { world } = live
    if (world === null) return false
    switch (frame.event) {
      case 'hello':
        // Another log: a backup was restored.
        if (logId !== null && frame.data.log_id !== logId) return reload(frame.data.log_id)
        logId = frame.data.log_id
        newest = frame.data.revision
        failures = 0
        set({ version: frame.data.version, clockAheadMs: Date.parse(frame.data.now) - Date.now() })
        upToDate()
        return true
      case 'revision': {
        const next = applyFrame(world, frame.data)
        newest = Math.max(newest, frame.data.revision)
        if (next === null) return reload()
        if (next !== world) {
          set({ world: next })
          told(frame.data)
        }
        upToDate()
        return true
      }
      case 'heartbeat':
        newest = Math.max(newest, frame.data.revision)
        clearTimeout(behindTimer)
        behindTimer = setTimeout(checkBehind, behindMs, frame.data.revision)
        upToDate()
        return true
      case 'reset':
        newest = 0
        return reload(frame.data.log_id)
      case 'bye':
        return true
    }
  }

  function reload (log: string | null = logId): false {
    logId = log
    isWorldOld = true
    return false
  }

  /** The log ended at this revision a while ago. If the page is still behind, it has missed something. */
  function checkBehind (revision: number): void {
    if ((live.world?.revision ?? 0) >= revision) return
    set({ resyncs: live.resyncs + 1 })
    reload()
    connection.abort()
  }

  /** Returns whether only the lab has to be read before the next connection. */
  async function connect (): Promise<boolean> {
    if (isWorldOld && !await readWorld()) return false
    const answer = await openStream(live.world!.revision, connection.signal)
    if (isRefused(answer) || answer.body === null) return false
    await readFrames(answer.body, { signal: connection.signal, onFrame: take })
    return isWorldOld
  }

  const isOver = (): boolean => ended.signal.aborted

  async function run (): Promise<void> {
    while (!isOver()) {
      connection = new AbortController()
      try {
        if (await connect()) continue
      } catch {
        // The network is gone, or the connection was ended here.
      }
      if (isOver()) return
      lost()
      const pause = retryMs[Math.min(failures++, retryMs.length - 1)]!
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause * (0.75 + Math.random() / 2))
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  void run()
  return {
    get: () => live,
    subscribe (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    onChange (listener) {
      changeListeners.add(listener)
      return () => { changeListeners.delete(listener) }
    },
    async reached (revision) {
      if ((live.world?.revision ?? 0) >= revision) return
      await new Promise<void>((resolve) => {
        const done = (): void => {
          if ((live.world?.revision ?? 0) < revision && Date.now() < until) return
          clearTimeout(timer)
          listeners.delete(done)
          resolve()
        }
        const until = Date.now() + reachedMs
        const timer = setTimeout(done, reachedMs + 1)
        listeners.add(done)
      })
    },
    wake () {
      failures = 0
      // After a sleep, what the browser takes for a connection is often none.
      if (Date.now() - heardAt > quietMs) connection.abort()
      wakeUp()
    },
    lose () {
      lost()
      connection.abort()
    },
    stop () {
      ended.abort()
      connection.abort()
      clearTimeout(graceTimer)
      clearTimeout(behindTimer)
      wakeUp()
    }
  }
}
