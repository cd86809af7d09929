import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { useSearchParams } from 'wouter'
import { useLabAt, useSession } from '../api/queries.ts'
import type { Scope } from '../api/generated/schema.d.ts'
import type { Link, Live, LiveLab } from './live-lab.ts'
import { worldOf, type World } from './world.ts'

export const LabContext = createContext<LiveLab | null>(null)

export function useLab (): LiveLab {
  return useContext(LabContext)!
}

/** A part of what the page knows of the lab. The selector must return the same object as long as nothing in it changed. */
export function useLive<T> (select: (live: Live) => T): T {
  const lab = useLab()
  return useSyncExternalStore(lab.subscribe, () => select(lab.get()))
}

export function useLink (): Link {
  return useLive(({ link }) => link)
}

/** The lab that the page shows: as it is, or with `?at=` as it was. Null until it is known. */
export function useWorld (): World | null {
  const { past, at } = usePast()
  const present = useLive(({ world }) => world)
  return at === null ? present : past
}

/** The past moment that the page shows. `at` is null when it shows the present; while another moment is read, the one before it stays. */
export function usePast (): { at: string | null, past: World | null, isReading: boolean, error: unknown } {
  const [search] = useSearchParams()
  const at = search.get('at')
  const { data, error, isPlaceholderData } = useLabAt(at)
  const past = useMemo(() => data === undefined ? null : worldOf(data), [data])
  return { at, past, isReading: isPlaceholderData, error }
}

/** What links add to their address, so that they lead to the same moment. */
export function usePastSearch (): string {
  const [search] = useSearchParams()
  const at = search.get('at')
  return at === null ? '' : `?at=${encodeURIComponent(at)}`
}

/** Whether what is on the screen is the present lab. */
export function useIsCurrent (): boolean {
  const { at } = usePast()
  const { state } = useLink()
  return at === null && (state === 'live' || state === 'catching-up')
}

/** Whether the key of this screen, or of a badge, has a scope. */
export function hasScope (scopes: readonly Scope[] | undefined, needed: Scope): boolean {
  return scopes?.some((scope) => scope === 'admin' || scope === needed) === true
}

/** Whether somebody may record something now: not of the past, not while the connection is lost, and not without the scope. */
export function useMaySign (needed: 'operate' | 'admin' = 'operate'): boolean {
  const isCurrent = useIsCurrent()
  const { data } = useSession()
  return isCurrent && hasScope(data?.scopes, needed)
}

/** The same, or with a badge: a screen that may only read opens its sheets all the same, and each asks for a badge. */
export function useMayWrite (needed: 'operate' | 'admin' = 'operate'): boolean {
  const isCurrent = useIsCurrent()
  const { data } = useSession()
  return isCurrent && (data?.auth === 'session' || hasScope(data?.scopes, needed))
}

/** The time by the clock of the database, in milliseconds, each second. It stops while the page does not know what happens. */
export function useNow (): number {
  const ahead = useLive(({ clockAheadMs }) => clockAheadMs)
  const link = useLink()
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return ('since' in link ? Math.min(link.since, now) : now) + ahead
}
