import { memo, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { Link, useLocation } from 'wouter'
import type { Reserved } from '../api/generated/schema.d.ts'
import { usePastSearch } from '../lab/lab-context.ts'
import type { Device, Occupant } from '../lab/world.ts'
import { containerPath, labelOf, Name } from './name.tsx'

type Props = {
  device: Device
  /** The reservations of its slots, by slot. */
  reserved?: ReadonlyMap<number, Reserved> | undefined
  /** Without links: on a wall nothing can be opened. */
  isPlain?: boolean
  /** Only its name and count until somebody opens it: on a phone the alarms come first. */
  isFolded?: boolean
}

/** A device with its slots. One stop for Tab; arrows move between slots, and Enter opens what is in one. */
export const DeviceGrid = memo(function DeviceGrid ({ device, reserved, isPlain = false, isFolded = false }: Props) {
  const { name, positions, slots, disposes } = device
  const columns = columnsOf(positions)
  const rows = useMemo(() => Array.from({ length: Math.ceil(positions / columns) }, (_, row) =>
    Array.from({ length: Math.min(columns, positions - row * columns) }, (_, column) => row * columns + column)), [positions, columns])
  const grid = useRef<HTMLDivElement>(null)
  /** The slot on which Tab stops. */
  const [stop, setStop] = useState(0)
  const [, go] = useLocation()
  const past = usePastSearch()

  function onKey (event: KeyboardEvent<HTMLDivElement>): void {
    const cell = event.target as HTMLElement
    const slot = Number(cell.dataset.slot)
    const step = steps[event.key]?.(columns)
    if (step !== undefined) {
      event.preventDefault()
      const next = Math.max(0, Math.min(positions - 1, slot + step))
      setStop(next)
      grid.current!.querySelector<HTMLElement>(`[data-slot="${next}"]`)?.focus()
    } else if (event.key === 'Enter' && !isPlain) {
      const occupant = slots.get(slot)
      if (occupant !== undefined) go(containerPath(occupant.container) + past)
    }
  }

  const heading = <><Name>{name}</Name> <span className="count">{disposes ? 'waste' : `${slots.size}/${positions}`}</span></>
  const content = positions === 0 ? null : (
    <div
      ref={grid} role="grid" className="slots" aria-label={`${name}, ${slots.size} of ${positions} slots`} aria-rowcount={rows.length} aria-colcount={columns}
      onKeyDown={onKey}
    >
      {rows.map((row, n) => (
        <div key={n} role="row" className="row">
          {row.map((slot) => (
            <Slot
              key={slot} slot={slot} occupant={slots.get(slot)} device={name} reserved={reserved?.get(slot)} isStop={slot === Math.min(stop, positions - 1)}
            />
          ))}
        </div>
      ))}
    </div>
  )
  if (isFolded) return <details className={`device columns-${columns}`}><summary><h3>{heading}</h3></summary>{content}</details>
  return (
    <section className={`device columns-${columns}`}>
      <h3>{isPlain ? heading : <Link href={`/devices/${encodeURIComponent(name)}${past}`}>{heading}</Link>}</h3>
      {content}
    </section>
  )
})

type SlotProps = { slot: number, occupant: Occupant | undefined, device: string, reserved: Reserved | undefined, isStop: boolean }

const Slot = memo(function Slot ({ slot, occupant, device, reserved, isStop }: SlotProps) {
  const [, go] = useLocation()
  const past = usePastSearch()
  return (
    <div
      role="gridcell" tabIndex={isStop ? 0 : -1} data-slot={slot} className={`slot ${kindOf(occupant, reserved)}`} aria-label={nameOf(slot, occupant, device, reserved)}
      onClick={occupant === undefined ? undefined : () => go(containerPath(occupant.container) + past)}
    >
      <span className="number">{slot}</span>{' '}
      <span className="glyph">{glyphOf(occupant, reserved)}</span>{' '}
      <span className="label">{occupant === undefined ? reserved === undefined ? '' : 'kept' : <Name>{labelIn(occupant)}</Name>}</span>
    </div>
  )
})

const steps: Readonly<Record<string, (columns: number) => number>> = {
  ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: (columns) => -columns, ArrowDown: (columns) => columns,
  PageUp: (columns) => -columns * 5, PageDown: (columns) => columns * 5, Home: () => -Infinity, End: () => Infinity
}

/** Small devices read best as a list; of large ones only the pattern can be seen. */
function columnsOf (positions: number): number {
  if (positions <= 12) return 1
  return positions <= 60 ? 2 : 10
}

function glyphOf (occupant: Occupant | undefined, reserved: Reserved | undefined): string {
  if (occupant === undefined) return reserved === undefined ? '·' : '╳'
  if (occupant.part === 'lid') return '⌒'
  return occupant.container.lidded ? '▣' : '□'
}

function kindOf (occupant: Occupant | undefined, reserved: Reserved | undefined): string {
  if (occupant === undefined) return reserved === undefined ? 'is-empty' : 'is-kept'
  return occupant.part === 'lid' ? 'is-lid' : 'is-plate'
}

function labelIn ({ part, container }: Occupant): string {
  return part === 'lid' ? `lid of ${labelOf(container)}` : labelOf(container)
}

function nameOf (slot: number, occupant: Occupant | undefined, device: string, reserved: Reserved | undefined): string {
  if (occupant === undefined) return reserved === undefined ? `Slot ${slot}, empty` : `Slot ${slot}, kept for ${reserved.owner}`
  const { part, container } = occupant
  if (part === 'lid') return `Slot ${slot}, lid of ${labelOf(container)}`
  return `Slot ${slot}, ${labelOf(container)}, ${lidText(container, device)}`
}

function lidText ({ lidded, lid }: Occupant['container'], device: string): string {
  if (lidded) return 'lid on'
  if (lid === null) return 'no lid'
  return lid.device === device ? `lid at slot ${lid.position}` : `lid at ${lid.device} ${lid.position}`
}
