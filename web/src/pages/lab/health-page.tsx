import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { Finding, Pool } from '../../api/generated/schema.d.ts'
import { useLabHealth, useReady } from '../../api/lab-admin.ts'
import { useLive } from '../../lab/lab-context.ts'
import { ContainerLink, PlaceName } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { LabPage } from './lab-page.tsx'
import { waysOut } from './ways-out.ts'

/** What does not add up in what is tracked, with the way out; and how the service is. */
export function HealthPage () {
  const { data: health, error } = useLabHealth()
  const { data: ready, error: notReady } = useReady()
  const { version, world } = useLive((live) => live)
  return (
    <LabPage title="Health">
      <h2>What is tracked</h2>
      {error !== null ? <Notice>{wordsOf(error)}</Notice> : health === undefined ? <Notice>Reading ...</Notice>
        : health.findings.length === 0 ? <p>Everything adds up.</p>
          : <ul className="findings">{health.findings.map((finding, n) => <OneFinding key={`${finding.code} ${n}`} finding={finding} />)}</ul>}
      <h2>The service</h2>
      <dl className="facts">
        <dt>Version</dt><dd>{version ?? 'not known yet'}</dd>
        <dt>Revision of the lab</dt><dd>{world?.revision ?? 'not known yet'}</dd>
        <dt>Database</dt><dd>{notReady !== null ? wordsOf(notReady) : ready === undefined ? 'not known yet' : poolText(ready.pool)}</dd>
        <dt>Backups</dt>
        <dd>
          The service does not see them: <code>npm run backup</code> makes one, and the file has its time.
          Look at the newest, and try to restore one now and then.
        </dd>
        <dt>For programs</dt><dd><a href="/metrics">Metrics</a>, <a href="/health/ready">ready</a>, <a href="/docs">all calls</a></dd>
      </dl>
    </LabPage>
  )
}

function poolText ({ open, max, waiting }: Pool): string {
  return `answers; ${open} of ${max} connections are open, ${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'} for one`
}

function OneFinding ({ finding: { code, severity, message, device, position, containers, steps = [] } }: { finding: Finding }) {
  return (
    <li>
      <strong className={severity === 'error' ? 'alarm-word' : undefined}>{severity === 'error' ? '▲ error' : '◆ warning'}</strong> {message}
      {device === null ? null : <> <PlaceName device={device} position={position} />.</>}
      {containers.length === 0 ? null : <> {containers.map((container) => <span key={container.id}><ContainerLink container={container} /> </span>)}</>}
      {steps.length === 0 ? null : <> {steps.map((id, n) => <span key={id}><Link href={`/steps/${id}`}>step {n + 1}</Link> </span>)}</>}
      <p className="way-out">{waysOut[code]}</p>
    </li>
  )
}
