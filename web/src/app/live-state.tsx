import { useLink, useLive, useNow } from '../lab/lab-context.ts'
import type { Link } from '../lab/live-lab.ts'
import { momentOf } from '../parts/times.ts'

/** Whether what is on the screen is what is in the lab, in words, and the clock of the service. */
export function LiveState () {
  const link = useLink()
  const now = useNow()
  const ahead = useLive(({ clockAheadMs }) => clockAheadMs)
  return (
    <p className={`live is-${link.state}`} role="status">
      <span aria-hidden="true">{link.state === 'live' ? '●' : '○'}</span> {wordsOfLink(link, ahead)}
      {link.state === 'live' ? <time className="clock" aria-hidden="true">{momentOf(now, now)}</time> : null}
    </p>
  )
}

function wordsOfLink (link: Link, ahead: number): string {
  switch (link.state) {
    case 'starting': return 'reading the lab'
    case 'live': return 'live'
    case 'catching-up': return `catching up (r${link.at} of ${link.newest})`
    case 'lost': return `no connection since ${momentOf(link.since + ahead, link.since + ahead)}, trying`
    case 'no-database': return 'the database does not answer, trying'
    case 'signed-out': return 'signed out'
  }
}
