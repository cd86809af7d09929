import { useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { useRevisionsSince } from '../api/log.ts'
import { useLive, usePast } from '../lab/lab-context.ts'
import { indexAfter, indexAt, pauseBetween, type Revision } from '../lab/time-travel.ts'
import { Key } from '../parts/key.tsx'
import { momentOf } from '../parts/times.ts'

const hour = 3_600_000
const ranges = [['last hour', hour], ['last day', 24 * hour], ['last week', 168 * hour]] as const
const speeds = [1, 10, 60] as const
const minute = 60_000

type Direction = -1 | 1

/** Goes through what happened, forwards and backwards. Only the address changes, so each moment is a link. */
export function TimeTravel ({ at }: { at: string }) {
  const [path, go] = useLocation()
  const { isReading } = usePast()
  const ahead = useLive(({ clockAheadMs }) => clockAheadMs)
  const [openedAt] = useState(() => Date.now())
  const [range, setRange] = useState<number>(24 * hour)
  const [speed, setSpeed] = useState<number>(10)
  const [playing, setPlaying] = useState<Direction | null>(null)
  const { data: revisions } = useRevisionsSince(new Date(openedAt + ahead - range).toISOString(), true)
  const index = revisions === undefined ? null : indexAt(revisions, at)
  const last = (revisions?.length ?? 0) - 1

  function show (next: number): void {
    go(`${path}?at=${revisions![next]!.revision}`, { replace: true })
  }

  useEffect(() => {
    if (playing === null || revisions === undefined || isReading) return
    const next = index === null ? 0 : index + playing
    const isEnd = next < 0 || next > last
    const timer = setTimeout(() => isEnd ? setPlaying(null) : show(next), isEnd || index === null ? 0 : pauseBetween(revisions, index, next, speed))
    return () => clearTimeout(timer)
  })

  useEffect(() => {
    function onKey (event: KeyboardEvent): void {
      const { key, shiftKey, target } = event
      if (target !== document.body && !(target instanceof HTMLHeadingElement)) return
      if (key === 'Escape' || key === 'n') go(path)
      else if (key === ' ') setPlaying(playing === null ? 1 : null)
      else if ((key === 'ArrowLeft' || key === 'ArrowRight') && revisions !== undefined && last >= 0) {
        const by = key === 'ArrowLeft' ? -1 : 1
        const from = index ?? 0
        show(shiftKey ? indexAfter(revisions, from, by * minute) : Math.max(0, Math.min(last, from + by)))
      } else return
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })

  if (revisions === undefined) return null
  const now = openedAt + ahead
  const shown = index === null ? undefined : revisions[index]
  const words = last < 0 ? 'Nothing happened in this range.' : shown === undefined ? 'This moment is before the range.' : wordsOf(shown, now)
  const play = (direction: Direction, name: string) => (
    <Key aria-pressed={playing === direction} isOff={last < 0} onClick={() => setPlaying(playing === direction ? null : direction)}>
      {playing === direction ? 'Stop' : name}
    </Key>
  )
  return (
    <div className="travel" role="group" aria-label="Time travel">
      <label className="when">Moment
        <input
          type="range" min={0} max={Math.max(0, last)} value={index ?? 0} disabled={last < 0}
          aria-valuetext={words}
          onChange={({ target }) => { setPlaying(null); show(Number(target.value)) }}
        />
      </label>
      <p className="shown">{words}</p>
      <div className="keys">
        {play(-1, 'Play backwards')}
        <Key isOff={index === null || index === 0} onClick={() => show(index! - 1)}>One back</Key>
        <Key isOff={last < 0 || index === last} onClick={() => show(index === null ? 0 : index + 1)}>One on</Key>
        {play(1, 'Play')}
        <label>Speed <select value={speed} onChange={({ target }) => setSpeed(Number(target.value))}>
          {speeds.map((one) => <option key={one} value={one}>×{one}</option>)}
        </select></label>
        <label>Range <select value={range} onChange={({ target }) => setRange(Number(target.value))}>
          {ranges.map(([name, length]) => <option key={name} value={length}>{name}</option>)}
        </select></label>
      </div>
    </div>
  )
}

function wordsOf ({ time, kinds }: Revision, now: number): string {
  return `${momentOf(time, now)} · ${[...new Set(kinds)].join(', ').replaceAll('-', ' ')}`
}
