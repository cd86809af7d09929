import { isIPv6 } from 'node:net'

/** The maximum number of callers that are counted separately in one minute. All others share one count, which bounds the memory. */
const maxCallers = 10_000

/** A rate limit by whole minutes. `countRequest` counts a request and returns the seconds until the caller may retry, or 0 if it is allowed. */
export function rateLimiter (perMinute: number, now: () => number = Date.now) {
  let minute = 0
  const counts = new Map<string, number>()
  return {
    perMinute,
    countRequest (caller: string): number {
      const time = now()
      const present = Math.floor(time / 60_000)
      if (present !== minute) counts.clear()
      minute = present
      const key = counts.has(caller) || counts.size < maxCallers ? caller : ''
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count > perMinute ? Math.ceil(((minute + 1) * 60_000 - time) / 1000) : 0
    }
  }
}

/** The network that an address counts for: itself, or the /64 of an IPv6 address, which one customer of a provider has for themselves. */
export function networkOf (address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:') || !isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? before : [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'), ...after]
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')}::/64`
}
