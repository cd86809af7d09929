import { memo, useEffect, useMemo, useRef, useState, type DragEvent, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import type { Reserved } from '../api/generated/schema.d.ts'
import { carryNow, putDown, setCarry } from '../fix/carry.ts'
import { useMayWrite, usePastSearch } from '../lab/lab-context.ts'
import { isAllWaste, keepingOf } from '../lab/waste.ts'
import type { Device, Occupant, Placed } from '../lab/world.ts'
import { containerPath, labelOf, Name } from './name.tsx'
import { useIsPhone } from './use-is-phone.ts'

type Props = {
  device: Device
  /** The reservations of its slots, by slot. */
  reserved?: ReadonlyMap<number, Reserved> | undefined
  /** Without links: on a wall nothing can be opened. */
  isPlain?: boolean
  /** Only its name and count until somebody opens it: on a phone the alarms come first. */
  isFolded?: boolean
  /** The page leads here: to this slot, or with null to the device. */
  meant?: number | null
  /** Each visit leads there. */
  visit?: unknown
  /** What is said about this slot. */
  children?: ReactNode
}

/** A device with its slots. One stop for Tab; arrows move between slots, and Enter opens what is in one. */
export const DeviceGrid = memo(function DeviceGrid ({ device, reserved, isPlain = false, isFolded = false, meant, visit, children }: Props) {
  const { name, positions, slots, waste } = device
  const keeping = keepingOf(device)
  const { isFromBottom, countFrom, isAsBuilt } = device.view
  // On a phone fewer slots in a row, so that a finger in a glove meets one; but not in a device that is drawn as it is built.
  const columns = useIsPhone() && !isAsBuilt ? Math.min(device.view.columns, mostOnPhone) : device.view.columns
  const rows = useMemo(() => Array.from({ length: Math.ceil(positions / columns) }, (_, row) =>
    Array.from({ length: Math.min(columns, positions - row * columns) }, (_, column) => row * columns + column)), [positions, columns])
  // Where there is no room for the number of each slot: the number of the first one of each row, and what to add to it.
  const hasHeads = widthOf(device.view.columns) === 10
  const rowStyle = { gridTemplateColumns: `repeat(${columns}, minmax(var(--slot-width), 1fr))`, '--digits': String(positions).length }
  const shownRows = isFromBottom ? [...rows].reverse() : rows
  const grid = useRef<HTMLDivElement>(null)
  /** The slot on which Tab stops. */
  const [stop, setStop] = useState(0)
  const [, go] = useLocation()
  const past = usePastSearch()
  const mayFix = useMayWrite() && !isPlain
  /** A single key that waits for whether others follow. */
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)

  useEffect(() => {
    if (meant === undefined) return
    const cell = grid.current?.querySelector<HTMLElement>(`[data-slot="${meant ?? 0}"]`)
    if (meant !== null) setStop(meant)
    cell?.focus({ preventScroll: true })
    cell?.scrollIntoView({ block: 'center' })
  }, [meant, visit])

  const open = (slot: number, occupant: Occupant | undefined): void => {
    if (carryNow().carried !== null) putDown({ device: name, position: slot })
    else go(pathOf(name, slot, occupant) + past)
  }

  /** The plate in a slot that somebody may pick up. */
  const plateAt = (slot: number | null): Placed | null => {
    const occupant = slot === null ? undefined : slots.get(slot)
    return mayFix && occupant?.part === 'container' ? occupant.container : null
  }

  function onClick (event: MouseEvent): void {
    const slot = slotAt(event)
    if (slot === null) return
    const plate = plateAt(slot)
    if (carryNow().carried === null && carryNow().isTapping && plate !== null) setCarry({ carried: plate })
    else if (carryNow().carried !== null || !isPlain) open(slot, slots.get(slot))
  }

  function onDrop (event: DragEvent): void {
    event.preventDefault()
    const slot = slotAt(event)
    if (slot !== null) putDown({ device: name, position: slot })
  }

  function press (key: string, slot: number): void {
    const occupant = slots.get(slot)
    if (key === 'm' && carryNow().carried !== null) putDown({ device: name, position: slot })
    else if (occupant?.part !== 'container') return
    else setCarry(key === 'm' ? { carried: occupant.container } : { fixing: { id: occupant.container.id, here: undefined } })
  }

  function onKey (event: KeyboardEvent<HTMLDivElement>): void {
    const cell = event.target as HTMLElement
    const slot = Number(cell.dataset.slot)
    clearTimeout(waiting.current)
    const step = steps[event.key]?.(columns * (isFromBottom ? -1 : 1))
    if (step !== undefined) {
      event.preventDefault()
      const next = Math.max(0, Math.min(positions - 1, slot + step))
      setStop(next)
      grid.current!.querySelector<HTMLElement>(`[data-slot="${next}"]`)?.focus()
    } else if (event.key === 'Enter' && !isPlain) open(slot, slots.get(slot))
    else if (event.key === 'Escape') setCarry({ carried: null })
    else if ((event.key === 'm' || event.key === 'f') && mayFix) {
      // A scanner types such letters, too, but not only one.
      waiting.current = setTimeout(() => press(event.key, slot), singleKeyMs)
    }
  }

  const heading = <><Name>{name}</Name> <span className="count">{isAllWaste(device) ? 'waste' : `${slots.size}/${keeping}`}</span></>
  const content = positions === 0 ? null : (
    <div
      ref={grid} role="grid" className="slots" aria-label={isAllWaste(device) ? `${name}, waste` : `${name}, ${slots.size} of ${keeping} slots`} aria-rowcount={rows.length} aria-colcount={columns}
      onKeyDown={onKey} onClick={onClick} onDragStart={(event) => setCarry({ carried: plateAt(slotAt(event)) })} onDragEnd={() => setCarry({ carried: null })}
      onDragOver={(event) => { if (mayFix && carryNow().carried !== null) event.preventDefault() }} onDrop={onDrop}
    >
      {hasHeads ? (
        <div className="row heads" aria-hidden="true" style={rowStyle}>
          {Array.from({ length: columns }, (_, column) => <span key={column}>+{column}</span>)}
        </div>
      ) : null}
      {shownRows.map((row) => (
        <div key={row[0]} role="row" className="row" style={rowStyle}>
          {hasHeads ? <span className="head" aria-hidden="true">{row[0]}</span> : null}
          {row.map((slot) => (
            <Slot
              key={slot} slot={slot} occupant={slots.get(slot)} device={name} reserved={reserved?.get(slot)} isWaste={waste.has(slot)}
              isStop={slot === Math.min(stop, positions - 1)} isMeant={slot === meant} mayFix={mayFix} label={countFrom === null ? null : slot + countFrom}
            />
          ))}
        </div>
      ))}
    </div>
  )
  if (isFolded) {
    return (
      <details className={`device columns-${widthOf(device.view.columns)}${device.view.columns > mostNarrow ? ' is-wide' : ''}`} open={meant !== undefined}>
        <summary><h3>{heading}</h3></summary>
        {content}
        {children}
      </details>
    )
  }
  return (
    <section className={`device columns-${widthOf(device.view.columns)}${device.view.columns > mostNarrow ? ' is-wide' : ''}`}>
      <h3>{isPlain ? heading : <Link href={`/devices/${encodeURIComponent(name)}${past}`}>{heading}</Link>}</h3>
      {content}
      {children}
    </section>
  )
})

type SlotProps = {
  slot: number, occupant: Occupant | undefined, device: string, reserved: Reserved | undefined, isWaste: boolean
  isStop: boolean, isMeant: boolean, mayFix: boolean
  /** The number on the device itself, if it is another. */
  label: number | null
}

/** One of very many: what it needs comes from its device, which also hears the clicks. */
const Slot = memo(function Slot ({ slot, occupant, device, reserved, isWaste, isStop, isMeant, mayFix, label }: SlotProps) {
  const { kind, glyph, word, says } = emptySign(reserved, isWaste)
  return (
    <div
      role="gridcell" tabIndex={isStop ? 0 : -1} data-slot={slot} className={`slot ${kindOf(occupant) ?? kind}`} aria-label={nameOf(slot, occupant, device, says, label)}
      aria-selected={isMeant ? true : undefined} draggable={mayFix && occupant?.part === 'container'}
    >
      <span className="number">{slot}{label === null ? '' : ` · ${label}`}</span>{' '}
      <span className="glyph">{glyphOf(occupant) ?? glyph}</span>{' '}
      <span className="label">{occupant === undefined ? word : <Name>{labelIn(occupant)}</Name>}</span>
    </div>
  )
})

/** The slot in which something happened. Null between slots. */
function slotAt ({ target }: { target: EventTarget }): number | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-slot]') : null
  return cell === null ? null : Number(cell.dataset.slot)
}

/** The page of what is in a slot; of an empty slot, its own. */
function pathOf (device: string, slot: number, occupant: Occupant | undefined): string {
  return occupant === undefined ? `/devices/${encodeURIComponent(device)}/${slot}` : containerPath(occupant.container)
}

/** With more columns a device is as wide as the page. */
const mostNarrow = 12

/** So many slots of 48 pixels are beside each other on a phone. */
const mostOnPhone = 7

/** Longer than between two letters of a scan. */
const singleKeyMs = 60

const steps: Readonly<Record<string, (columns: number) => number>> = {
  ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: (columns) => -columns, ArrowDown: (columns) => columns,
  PageUp: (columns) => -columns * 5, PageDown: (columns) => columns * 5, Home: () => -Infinity, End: () => Infinity
}

/** How wide a device is drawn, and whether there is room for names. */
function widthOf (columns: number): 1 | 2 | 10 {
  if (columns === 1) return 1
  return columns <= 4 ? 2 : 10
}

/** What a slot with nothing in it is. */
function emptySign (reserved: Reserved | undefined, isWaste: boolean): { kind: string, glyph: string, word: string, says: string } {
  if (isWaste) return { kind: 'is-waste', glyph: '▽', word: 'waste', says: 'waste' }
  return reserved === undefined ? { kind: 'is-empty', glyph: '·', word: '', says: 'empty' } : { kind: 'is-kept', glyph: '╳', word: 'kept', says: `kept for ${reserved.owner}` }
}

function glyphOf (occupant: Occupant | undefined): string | null {
  if (occupant === undefined) return null
  if (occupant.part === 'lid') return '⌒'
  return occupant.container.lidded ? '▣' : '□'
}

function kindOf (occupant: Occupant | undefined): string | null {
  if (occupant === undefined) return null
  return occupant.part === 'lid' ? 'is-lid' : 'is-plate'
}

function labelIn ({ part, container }: Occupant): string {
  return part === 'lid' ? `lid of ${labelOf(container)}` : labelOf(container)
}

function nameOf (slot: number, occupant: Occupant | undefined, device: string, empty: string, label: number | null): string {
  const name = label === null ? `Slot ${slot}` : `Slot ${slot}, labelled ${label}`
  if (occupant === undefined) return `${name}, ${empty}`
  const { part, container } = occupant
  if (part === 'lid') return `${name}, lid of ${labelOf(container)}`
  return `${name}, ${labelOf(container)}, ${lidText(container, device)}`
}

function lidText ({ lidded, lid }: Occupant['container'], device: string): string {
  if (lidded) return 'lid on'
  if (lid === null) return 'no lid'
  return lid.device === device ? `lid at slot ${lid.position}` : `lid at ${lid.device} ${lid.position}`
}
