import { Link } from 'wouter'
import { useSession } from '../../api/queries.ts'
import { useLive } from '../../lab/lab-context.ts'
import { Legend } from '../../parts/legend.tsx'
import { Page } from '../../parts/page.tsx'
import { clockOf, zoneName } from '../../parts/times.ts'

const keys = [
  ['/ or Ctrl+K', 'find a barcode, a name or a place'],
  ['g then n, l, r, i, o, s, a', 'Now, Labware, Runs, Insights, Log, Stocktake, Lab'],
  ['t', 'the lab as of a past moment; then ← and → one change, with Shift one minute, Space plays, Esc or n leads back to now'],
  ['Tab', 'the next device, key or link'],
  ['arrows, Home, End, Page up, Page down', 'the slots of a device'],
  ['Enter', 'open what is in the slot'],
  ['m', 'pick up the plate in the slot; then m or Enter in another slot says that it stands there, and Esc lets go'],
  ['f', 'fix the plate in the slot'],
  ['?', 'this page']
] as const

const pages = [['/steps', 'Steps'], ['/stocktake', 'Stocktake'], ['/insights/use', 'Insights'], ['/log', 'Log'], ['/lab/devices', 'Lab'], ['/wall', 'Wall']] as const

/** How the page is used, what it is connected to, and where to read more. */
export function HelpPage () {
  const { version, world, resyncs, clockAheadMs } = useLive((live) => live)
  const { data: session } = useSession()
  return (
    <Page title="Help">
      <section className="screen-only">
        <h2>Pages</h2>
        <ul className="choices">{pages.map(([to, name]) => <li key={to}><Link className="key" href={to}>{name}</Link></li>)}</ul>
      </section>
      <h2>Keys</h2>
      <dl className="facts">{keys.map(([key, does]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>)}</dl>
      <p>A scanner that types works anywhere on the page: scan a barcode, and its page opens. <strong>Scan</strong> does the same with the camera or a photo. In a <a href="/stocktake">stocktake</a> it is the plate in the next slot.</p>
      <h2>Signs</h2>
      <Legend />
      <h2>Something is wrong in the lab</h2>
      <p>Find the plate, press <strong>Fix</strong>, say where it really is and why, press <strong>Record</strong>. You can undo it for half a minute.</p>
      <h2>This page</h2>
      <dl className="facts">
        <div><dt>Version</dt><dd>{version ?? 'not known yet'}</dd></div>
        <div><dt>Revision of the lab</dt><dd>{world?.revision ?? 'not known yet'}</dd></div>
        <div><dt>Read again because something was missed</dt><dd>{resyncs === 0 ? 'never' : resyncs === 1 ? 'once' : `${resyncs} times`}</dd></div>
        <div><dt>Clock of the database</dt><dd>{Math.abs(clockAheadMs) < 2000 ? 'as on this machine' : `${clockOf(Math.abs(clockAheadMs) / 1000)} ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this machine; the page shows that of the database`}</dd></div>
        <div><dt>Times are shown in</dt><dd>{zoneName()}</dd></div>
        <div><dt>You are</dt><dd>{session === undefined ? 'not known yet' : session.auth === 'none' ? 'nobody: this service needs no key here' : `${session.actor ?? ''} (${session.scopes.join(', ')})`}</dd></div>
      </dl>
      <h2>More</h2>
      <ul>
        <li><a href="/present">All present labware</a>, as a page without script</li>
        <li><a href="/wall">The lab for a screen on the wall</a></li>
        <li><a href="/sign-in">Sign in or out</a></li>
        <li><a href="/docs">All calls of the API</a>, to read and to try; <a href="/openapi.json">the OpenAPI document</a>; <a href="/asyncapi.json">the AsyncAPI document</a></li>
        <li><a href="/health/ready">Health</a>: whether the service and its database respond</li>
      </ul>
    </Page>
  )
}
