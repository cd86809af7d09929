import { Suspense } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { ContainerEvent, ContainerSituation } from '../../api/generated/schema.d.ts'
import { useHistory } from '../../api/queries.ts'
import { lazyPart } from '../../app/lazy-part.ts'
import { Key } from '../../parts/key.tsx'
import { Name, placeText } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { StepLink } from '../../parts/step-name.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'

const LifeChart = lazyPart(async () => (await import('./life-chart.tsx')).LifeChart)

/** What happened to a container, newest first. */
export function Life ({ container }: { container: string }) {
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useHistory(container)
  if (error !== null) return <Notice>{wordsOf(error)}</Notice>
  if (data === undefined) return <Notice>Reading ...</Notice>
  const ordered = data.pages.flatMap(({ items }) => items)
  const events = [...ordered].reverse()
  return (
    <>
      {hasNextPage ? <Key isOff={isFetching} onClick={() => { void fetchNextPage() }}>Show what happened later</Key> : null}
      <Suspense fallback={null}><LifeChart id={container} events={ordered} /></Suspense>
      <table className="list">
        <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Lab then</th></tr></thead>
        <tbody>{events.map((event) => <Row key={event.step?.id ?? `${event.revision} ${event.kind}`} event={event} />)}</tbody>
      </table>
    </>
  )
}

function Row ({ event: { kind, at, revision, from, to, step } }: { event: ContainerEvent }) {
  return (
    <tr>
      <th scope="row" data-label="When"><Moment at={at} /></th>
      <td data-label="What">{step === null ? kind.replaceAll('-', ' ') : <><Name>{step.device}</Name> · <StepLink step={{ ...step, kind: 'step' }} />, {step.status}{step.active_seconds === null ? null : ` in ${clockOf(step.active_seconds)}`}</>}</td>
      {step === null
        ? <><td data-label="From">{from === null ? '–' : situationText(from)}</td><td data-label="To">{to === null ? '–' : situationText(to)}</td></>
        : <><td data-label="From">{step.origin === null ? '–' : placeText(step.origin)}</td><td data-label="To">{step.destination === null ? '–' : placeText(step.destination)}</td></>}
      <td data-label="Lab then">{revision === null ? '–' : <Link href={`/?at=${revision}`}>r{revision}</Link>}</td>
    </tr>
  )
}

function situationText ({ device, position, lidded, lid, missing_since }: ContainerSituation): string {
  const place = device === null ? missing_since === null ? 'off the platform' : 'missing' : placeText({ device, position })
  return `${place}, ${lidded ? 'lid on' : lid === null ? 'no lid' : `lid at ${placeText(lid)}`}`
}
