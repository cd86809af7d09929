import { answered, api } from '../api/client.ts'

/** Whether a scan is that of a badge: a key of this service. It must never be searched for, because addresses are kept by browsers and logs. */
export function isBadge (scanned: string): boolean {
  return /^ps_[\w-]{30,}$/.test(scanned)
}

/** Signs in with a badge, where nobody is signed in. Otherwise it leads to the page that says who is, and where another badge can be scanned. */
export async function signInWithBadge (key: string, isSignedOut: boolean): Promise<void> {
  const elsewhere = `/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`
  if (!isSignedOut) return location.assign(elsewhere)
  const isIn = await answered(api.POST('/api/session', { body: { key } })).then(() => true, () => false)
  if (isIn) location.reload()
  else location.assign(elsewhere)
}
