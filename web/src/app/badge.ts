import { answered, api } from '../api/client.ts'
import { signedBy } from '../api/commands.ts'
import type { Session } from '../api/generated/schema.d.ts'

/** Whether a scan is that of a badge: a key that this service made. It must never be searched for, because addresses are kept by browsers and logs. */
export function isBadge (scanned: string): boolean {
  return /^ps_[\w-]{30,}$/.test(scanned)
}

/** Whether a scan can be a key that somebody else made, such as the first one: it has no form of its own. */
export function couldBeKey (scanned: string): boolean {
  return /^[\w.~+/-]{32,512}=*$/.test(scanned)
}

/** Whose key it is. Null if it is none, or does not work any more. */
export async function holderOf (key: string): Promise<Session | null> {
  const session = await answered(api.GET('/api/session', { headers: signedBy({ badge: key }) })).then(({ data }) => data, () => null)
  return session?.auth === 'key' ? session : null
}

/** Signs in with a badge, where nobody is signed in. Otherwise it leads to the page that says who is, and where another badge can be scanned. */
export async function signInWithBadge (key: string, isSignedOut: boolean): Promise<void> {
  const elsewhere = `/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`
  if (!isSignedOut) return location.assign(elsewhere)
  const isIn = await answered(api.POST('/api/session', { body: { key } })).then(() => true, () => false)
  if (isIn) location.reload()
  else location.assign(elsewhere)
}
