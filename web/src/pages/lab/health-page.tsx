import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { Finding, LabHealth, Pool } from '../../api/generated/schema.d.ts'
import { useLabHealth, useReady } from '../../api/lab-admin.ts'
import { useLive } from '../../lab/lab-context.ts'
import { ContainerLink, PlaceName } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { Ago } from '../../parts/time.tsx'
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
        <dt>Newest backup</dt>
        <dd>{health === undefined ? 'not known yet' : <Backup last={health.last_backup} />}</dd>
        <dt>For programs</dt><dd><a href="/metrics">Metrics</a>, <a href="/health/ready">ready</a>, <a href="/docs">all calls</a></dd>
      </dl>
    </LabPage>
  )
}

function poolText ({ open, max, waiting }: Pool): string {
  return `answers; ${open} of ${max} connections are open, ${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'} for one`
}

function Backup ({ last }: { last: LabHealth['last_backup'] }) {
  if (last === null) {
    return <>none is known. <code>npm run backup</code> takes one, and the service then says how old it is. It does not see backups of other kinds.</>
  }
  return (
    <>
      <Ago at={last.taken_at} />, of revision {last.revision}: {last.rows} rows{last.bytes === null ? ', written to a stream and not read back' : ` in ${bytesText(last.bytes)}, read back`}.
      {' '}Only the file itself is the backup: try to restore one now and then.
    </>
  )
}

function bytesText (bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
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
