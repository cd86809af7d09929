import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { answered, api, wordsOf } from '../api/client.ts'
import { useBadgeScans } from '../parts/scanner.ts'
import { ScanKey } from '../scan/scan-key.tsx'

/** Signs in with a badge, by a scanner that types, the camera or a photo; then the page that asked for it opens, or this one again. */
export function BadgeSignIn () {
  const [search] = useSearchParams()
  const [said, setSaid] = useState('')
  function take (key: string): string {
    setSaid('Signing in ...')
    answered(api.POST('/api/session', { body: { key } })).then(() => {
      const to = search.get('to')
      if (to === null) return location.reload()
      // Never to another site.
      const next = new URL(to, location.origin)
      location.replace(next.origin === location.origin ? next.href : '/')
    }, (error: unknown) => setSaid(wordsOf(error)))
    return 'Signing in ...'
  }
  useBadgeScans(take)
  return (
    <>
      <ScanKey what="badge" onScan={(key) => { take(key); return null }} />
      <p role="status">{said}</p>
    </>
  )
}
