import { useEffect, useState } from 'react'
import type { Scope } from '../api/generated/schema.d.ts'
import { holderOf } from '../app/badge.ts'
import { useBadgeScans } from './scanner.ts'

/** Whoever scanned a badge and then walked away must not sign what somebody else fills in. */
const keptMs = 60_000

export type Badge = { key: string, name: string, scopes: readonly Scope[] }

/** The badge that signs the next record of this form. It is kept nowhere else, and forgotten after it, or after a minute. */
export function useBadge (): { badge: Badge | null, fault: string, take: (key: string) => void, forget: () => void } {
  const [badge, setBadge] = useState<Badge | null>(null)
  const [fault, setFault] = useState('')
  function take (key: string): void {
    setFault('')
    void holderOf(key).then((holder) => {
      setBadge(holder === null ? null : { key, name: holder.actor ?? '', scopes: holder.scopes })
      if (holder === null) setFault('The service does not know this badge, or it is no longer valid.')
    })
  }
  useBadgeScans((key) => {
    take(key)
    return 'The badge signs this.'
  })
  useEffect(() => {
    if (badge === null) return
    const timer = setTimeout(() => setBadge(null), keptMs)
    return () => clearTimeout(timer)
  }, [badge])
  return { badge, fault, take, forget: () => setBadge(null) }
}
