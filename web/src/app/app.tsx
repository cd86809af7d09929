import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { Link, useLocation, useSearch } from 'wouter'
import { useSession } from '../api/queries.ts'
import { useIsCurrent, useLink, useLive, useNow, usePast, useWorld } from '../lab/lab-context.ts'
import { momentOf, zoneName } from '../parts/times.ts'
import { ScanKey } from '../scan/scan-key.tsx'
import { Announcer } from './announcer.tsx'
import { FindField } from './find-field.tsx'
import { useKeptFocus } from './kept-focus.ts'
import { LiveState } from './live-state.tsx'
import { PastBanner } from './past-banner.tsx'
import { Pages } from './routes.tsx'
import { SignInNotice } from './sign-in-notice.tsx'
import { UndoBar } from './undo-bar.tsx'
import { useKeys } from './use-keys.ts'

const sections = [['/', 'Now'], ['/labware', 'Labware'], ['/runs', 'Runs'], ['/insights/use', 'Insights'], ['/log', 'Log'], ['/lab/devices', 'Lab'], ['/stocktake', 'Stocktake'], ['/help', 'Help']] as const

/** What a thumb reaches on a phone. Help leads to the others. */
const onPhones: ReadonlySet<string> = new Set(['/', '/labware', '/runs', '/stocktake', '/help'])

/** Everything that is around each page. The wall has none of it but the state of the connection. */
export function App () {
  const [path] = useLocation()
  const { state } = useLink()
  const isCurrent = useIsCurrent()
  const { at } = usePast()
  const client = useQueryClient()
  useKeys()
  useKeptFocus()
  // After signing in somewhere else, or a new start of the service, everything is asked again.
  useEffect(() => { if (state === 'live') void client.invalidateQueries({ queryKey: ['session'] }) }, [client, state])
  const content = state === 'signed-out' ? <SignInNotice /> : <Pages />
  return (
    <div className={at !== null ? 'app is-past' : isCurrent ? 'app' : 'app is-old'} data-link={state}>
      {path === '/wall' ? <Wall>{content}</Wall> : <Frame>{content}</Frame>}
      <Announcer />
    </div>
  )
}

function Wall ({ children }: { children: ReactNode }) {
  return (
    <>
      <header className="bar"><LiveState /></header>
      <main id="content">{children}</main>
    </>
  )
}

function Frame ({ children }: { children: ReactNode }) {
  const [path] = useLocation()
  const { data: session } = useSession()
  const { at } = usePast()
  const revision = useLive(({ world }) => world?.revision)
  return (
    <>
      <a className="skip" href="#content">Skip to the page</a>
      <header className="bar">
        <FindField />
        <LiveState />
        {at !== null || revision === undefined ? null : <Link className="travel-key" href={`/?at=${revision}`} title="The lab as of a past moment (t)">◷ as of</Link>}
        {session === undefined || session.auth === 'none' ? null : <a className="who" href="/sign-in">{session.actor} ({session.scopes.join(', ')})</a>}
      </header>
      <nav className="sections" aria-label="Pages">
        {sections.map(([to, name]) => (
          <Link key={to} href={to} aria-current={isSection(path, to) ? 'page' : undefined} className={onPhones.has(to) ? undefined : 'wide-only'}>{name}</Link>
        ))}
        <ScanKey />
      </nav>
      <PastBanner />
      <main id="content">{children}</main>
      <UndoBar />
      <Print />
    </>
  )
}

function isSection (path: string, to: string): boolean {
  if (to === '/') return path === '/' || path.startsWith('/devices/')
  if (to === '/runs' && path.startsWith('/steps')) return true
  if (to === '/lab/devices') return path.startsWith('/lab/')
  if (to === '/insights/use') return path.startsWith('/insights/')
  return path === to || path.startsWith(`${to}/`)
}

/** On paper: where it is from, and of when. */
function Print () {
  const [path] = useLocation()
  const search = useSearch()
  const world = useWorld()
  const now = useNow()
  const [zone, setZone] = useState('')
  // To ask for the name of the zone takes too long for each page that is opened.
  useEffect(() => {
    const beforePrint = (): void => flushSync(() => setZone(zoneName()))
    addEventListener('beforeprint', beforePrint)
    return () => removeEventListener('beforeprint', beforePrint)
  }, [])
  return (
    <p className="print-only">
      {`${location.host}${path}${search === '' ? '' : `?${search}`}`}
      {world === null ? null : `, revision ${world.revision}`}, printed {momentOf(now, 0)} {zone}
    </p>
  )
}
