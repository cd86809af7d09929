import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { Event } from '../../api/generated/schema.d.ts'
import { useLog } from '../../api/log.ts'
import { queries } from '../../api/queries.ts'
import { useLab, useMayWrite, useWorld } from '../../lab/lab-context.ts'
import { Diff } from '../../parts/diff.tsx'
import { Filters } from '../../parts/filters.tsx'
import { Key } from '../../parts/key.tsx'
import { More } from '../../parts/more.tsx'
import { ContainerLink, Name } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { useSearch } from '../../parts/search.ts'
import { SelectFilter } from '../../parts/select-filter.tsx'
import { Moment } from '../../parts/time.tsx'
import { filtersOf, filterWords, nameOf } from './filters.ts'
import { kindWords, wordsOfEvent } from './kinds.ts'
import { UndoCorrection } from './undo-correction.tsx'

const debounceMs = 500

/** Who did what, with before and after; newest first. */
export function LogPage () {
  const [search, change] = useSearch()
  const world = useWorld()
  const [isPaused, setPaused] = useState(false)
  const [undone, setUndone] = useState<Event | null>(null)
  const list = useLog(filtersOf(search))
  useFollow(isPaused)
  const on = filterWords(search)

  return (
    <Page title="Log" tools={<button className="key" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>{isPaused ? 'Follow again' : 'Hold still'}</button>}>
      <Filters on={on}>
        <label>Who <input type="search" value={search.get('actor') ?? ''} maxLength={200} onChange={({ target }) => change('actor', target.value)} /></label>
        <SelectFilter label="What" value={search.get('kind') ?? ''} options={Object.entries(kindWords)} all="everything" onChange={(value) => change('kind', value)} />
        <SelectFilter label="Device" value={search.get('device') ?? ''} options={[...world?.devices.keys() ?? []]} all="all" onChange={(value) => change('device', value)} />
        <label>From <input type="datetime-local" value={search.get('from') ?? ''} onChange={({ target }) => change('from', target.value)} /></label>
        <label>Until <input type="datetime-local" value={search.get('to') ?? ''} onChange={({ target }) => change('to', target.value)} /></label>
        {(['container', 'step', 'experiment'] as const).filter((name) => search.has(name)).map((name) => (
          <button key={name} className="key" onClick={() => change(name, '')}>only this {nameOf(name)}: show all</button>
        ))}
      </Filters>
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {list.items === undefined && list.error === null ? <Notice>Reading ...</Notice> : null}
      {list.items?.length === 0 ? <Notice>{on.length === 0 ? 'Nothing was recorded yet.' : 'Nothing like this was recorded.'}</Notice> : null}
      {list.items === undefined || list.items.length === 0 ? null : (
        <table className="list">
          <thead><tr>
            <th scope="col">When</th><th scope="col">What</th><th scope="col">Who, why</th><th scope="col" className="changes">Before and after</th><th scope="col">Lab then</th>
          </tr></thead>
          <tbody>{list.items.map((event, n, all) => <Row key={keyOf(event, n, all)} event={event} onUndo={setUndone} />)}</tbody>
        </table>
      )}
      <More list={list} />
      {undone === null ? null : <UndoCorrection event={undone} onClose={() => setUndone(null)} />}
    </Page>
  )
}

/** Not its place in the list: with each new event all rows would be others, and the focus in them lost. Events of one revision come together. */
function keyOf (event: Event, n: number, all: readonly Event[]): string {
  return `${event.revision} ${n - all.findIndex(({ revision }) => revision === event.revision)}`
}

/** Reads the log again when something happened, unless somebody holds it still to read. */
function useFollow (isPaused: boolean): void {
  const lab = useLab()
  useEffect(() => {
    if (isPaused) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const flush = (): void => {
      timer = undefined
      void queries.invalidateQueries({ queryKey: ['log'] })
    }
    flush()
    const end = lab.onChange(() => { timer ??= setTimeout(flush, debounceMs) })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [lab, isPaused])
}

function Row ({ event, onUndo }: { event: Event, onUndo: (event: Event) => void }) {
  const { revision, recorded_at, kind, actor, reason, request_id, before, after } = event
  const mayWrite = useMayWrite()
  return (
    <tr>
      <th scope="row" data-label="When"><Moment at={recorded_at} /> <span className="count">r{revision}</span></th>
      <td data-label="What"><Thing event={event} /> {wordsOfEvent(event)}</td>
      <td data-label="Who, why">
        {actor === null && reason === null ? '–' : null}{actor === null ? null : <Name>{actor}</Name>}{actor === null || reason === null ? '' : ': '}{reason === null ? null : <Name>{reason}</Name>}
      </td>
      <td data-label="Before and after">
        <Diff before={before} after={after} />
        {request_id === null ? null : <details><summary className="count">request</summary><code>{request_id}</code></details>}
      </td>
      <td data-label="Lab then">
        <span className="together">{revision > 1 ? <Link href={`/?at=${revision - 1}`}>before</Link> : '–'} · <Link href={`/?at=${revision}`}>after</Link></span>
        {kind === 'corrected' && before !== null ? <> <Key isOff={!mayWrite} onClick={() => onUndo(event)}>Undo</Key></> : null}
      </td>
    </tr>
  )
}

function Thing ({ event: { container_id, step_id, experiment_id, before, after } }: { event: Event }) {
  const snapshot = (after ?? before ?? {}) as { barcode?: string | null, name?: string | null, device?: string | null, fct?: string | null }
  if (container_id !== null) return <ContainerLink container={{ id: container_id, barcode: snapshot.barcode ?? null, name: snapshot.name ?? container_id }} />
  if (step_id !== null) return <Link href={`/steps/${step_id}`}><Name>{[snapshot.device, snapshot.name ?? snapshot.fct].filter(Boolean).join(' · ') || 'a step'}</Name></Link>
  if (experiment_id !== null) return <Link href={`/runs/${experiment_id}`}><Name>{snapshot.name ?? 'a run'}</Name></Link>
  return typeof snapshot.name === 'string' ? <Name>{snapshot.name}</Name> : null
}
