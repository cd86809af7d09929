import { memo, useEffect, useMemo, useRef, useState, type CSSProperties, type DragEvent, type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import type { Reserved } from '../api/generated/schema.d.ts'
import { carryNow, putDown, setCarry } from '../fix/carry.ts'
import { useMayWrite, usePastSearch } from '../lab/lab-context.ts'
import { isAllWaste, keepingOf } from '../lab/waste.ts'
import type { Device, Occupant, Placed } from '../lab/world.ts'
import { containerPath, labelOf, Name } from './name.tsx'
import { useIsPhone, useIsTouch } from './screen.ts'

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
  // For fingers the slots are large enough for their own.
  const isTouch = useIsTouch()
  const hasNumbers = isTouch || !hasHeads
  const rowStyle = useMemo(() => ({ gridTemplateColumns: `repeat(${columns}, minmax(var(--slot-width), 1fr))`, '--digits': String(positions).length }), [columns, positions])
  const shownRows = isFromBottom ? [...rows].reverse() : rows
  const grid = useRef<HTMLDivElement>(null)
  /** The slot on which Tab stops. */
  const [chosenStop, setStop] = useState(0)
  const stop = Math.min(chosenStop, positions - 1)
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

  /** A slot becomes draggable when it is pressed. If each said from the start whether it is, all would be drawn again when the page is connected. */
  function onPointerDown (event: PointerEvent): void {
    const cell = cellAt(event)
    if (cell !== null) cell.draggable = plateAt(slotAt(event)) !== null
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
      onKeyDown={onKey} onClick={onClick} onPointerDown={onPointerDown}
      onDragStart={(event) => setCarry({ carried: plateAt(slotAt(event)) })} onDragEnd={() => setCarry({ carried: null })}
      onDragOver={(event) => { if (mayFix && carryNow().carried !== null) event.preventDefault() }} onDrop={onDrop}
    >
      {hasHeads ? (
        <div className="row heads" aria-hidden="true" style={rowStyle}>
          {Array.from({ length: columns }, (_, column) => <span key={column}>+{column}</span>)}
        </div>
      ) : null}
      {shownRows.map((row) => (
        <Row
          key={row[0]} row={row} device={name} slots={slots} reserved={reserved} waste={waste} stop={row.includes(stop) ? stop : null}
          meant={meant != null && row.includes(meant) ? meant : null} countFrom={countFrom} hasHead={hasHeads} hasNumbers={hasNumbers} style={rowStyle}
        />
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

type RowProps = Pick<Device, 'slots' | 'waste'> & {
  row: readonly number[], device: string, reserved: ReadonlyMap<number, Reserved> | undefined
  /** The slot of this row on which Tab stops, and the one to which the page leads. */
  stop: number | null, meant: number | null
  /** What to add for the number on the device itself, if it is another. */
  countFrom: number | null
  hasHead: boolean, hasNumbers: boolean, style: CSSProperties
}

/**
 * A row of slots. A lab can have 10,000 of them, so a slot is no component, has as few nodes as it can, and hears nothing itself: its device
 * does. Where there is no room for names, it is a sign alone, and for fingers its number. A row is drawn again only when something in it has
 * changed.
 */
const Row = memo(function Row ({ row, device, slots, reserved, waste, stop, meant, countFrom, hasHead, hasNumbers, style }: RowProps) {
  return (
    <div role="row" className="row" style={style}>
      {hasHead ? <span className="head" aria-hidden="true">{row[0]}</span> : null}
      {row.map((slot) => {
        const occupant = slots.get(slot)
        const { kind, glyph, word, says } = occupant === undefined ? emptySign(reserved?.get(slot), waste.has(slot)) : signOf(occupant, device)
        const label = countFrom === null ? null : slot + countFrom
        return (
          <div
            key={slot} role="gridcell" tabIndex={slot === stop ? 0 : -1} data-slot={slot} className={`slot ${kind}`}
            aria-selected={slot === meant ? true : undefined} aria-label={`Slot ${slot}${label === null ? '' : `, labelled ${label}`}, ${says}`}
          >
            {hasNumbers ? <span className="number">{`${slot}${label === null ? '' : ` · ${label}`} `}</span> : null}
            {hasHead ? glyph : <span className="glyph">{`${glyph} `}</span>}
            {hasHead || word === '' ? null : <span className="label">{occupant === undefined ? word : <Name>{word}</Name>}</span>}
          </div>
        )
      })}
    </div>
  )
}, isSameRow)

function isSameRow (before: RowProps, now: RowProps): boolean {
  return before.row === now.row && before.device === now.device && before.stop === now.stop && before.meant === now.meant &&
    before.countFrom === now.countFrom && before.hasHead === now.hasHead && before.hasNumbers === now.hasNumbers && before.style === now.style &&
    now.row.every((slot) => before.slots.get(slot) === now.slots.get(slot) && before.waste.has(slot) === now.waste.has(slot) &&
      before.reserved?.get(slot) === now.reserved?.get(slot))
}

function cellAt ({ target }: { target: EventTarget }): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-slot]') : null
}

/** The slot in which something happened. Null between slots. */
function slotAt (event: { target: EventTarget }): number | null {
  const cell = cellAt(event)
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

type Sign = { kind: string, glyph: string, word: string, says: string }

const free: Sign = { kind: 'is-empty', glyph: '·', word: '', says: 'empty' }
const disposing: Sign = { kind: 'is-waste', glyph: '▽', word: 'waste', says: 'waste' }

/** What a slot with nothing in it is. */
function emptySign (reserved: Reserved | undefined, isWaste: boolean): Sign {
  if (isWaste) return disposing
  return reserved === undefined ? free : { kind: 'is-kept', glyph: '╳', word: 'kept', says: `kept for ${reserved.owner}` }
}

function signOf ({ part, container }: Occupant, device: string): Sign {
  const name = labelOf(container)
  if (part === 'lid') return { kind: 'is-lid', glyph: '⌒', word: `lid of ${name}`, says: `lid of ${name}` }
  return { kind: 'is-plate', glyph: container.lidded ? '▣' : '□', word: name, says: `${name}, ${lidText(container, device)}` }
}

function lidText ({ lidded, lid }: Occupant['container'], device: string): string {
  if (lidded) return 'lid on'
  if (lid === null) return 'no lid'
  return lid.device === device ? `lid at slot ${lid.position}` : `lid at ${lid.device} ${lid.position}`
}
