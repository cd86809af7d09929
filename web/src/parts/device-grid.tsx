import { memo, useEffect, useMemo, useRef, useState, type CSSProperties, type DragEvent, type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import type { Reserved } from '../api/generated/schema.d.ts'
import { carryNow, putDown, setCarry } from '../fix/carry.ts'
import { useMayWrite, usePastSearch } from '../lab/lab-context.ts'
import { isAllWaste, keepingOf } from '../lab/waste.ts'
import type { Device, Occupant, Placed } from '../lab/world.ts'
import { NameRow } from './name-row.tsx'
import { containerPath, Name } from './name.tsx'
import { useIsPhone, useIsTouch } from './screen.ts'
import { SignRow } from './sign-row.tsx'

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
  const Row = hasHeads ? SignRow : NameRow
  // For fingers the slots are large enough for their own.
  const isTouch = useIsTouch()
  const style = useMemo(() => ({ '--columns': columns, '--digits': String(positions).length }) as CSSProperties, [columns, positions])
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
      ref={grid} role="grid" className="slots" aria-label={isAllWaste(device) ? `${name}, waste` : `${name}, ${slots.size} of ${keeping} slots`} aria-rowcount={rows.length} aria-colcount={columns} style={style}
      onKeyDown={onKey} onClick={onClick} onPointerDown={onPointerDown}
      onDragStart={(event) => setCarry({ carried: plateAt(slotAt(event)) })} onDragEnd={() => setCarry({ carried: null })}
      onDragOver={(event) => { if (mayFix && carryNow().carried !== null) event.preventDefault() }} onDrop={onDrop}
    >
      {hasHeads ? (
        <div className="row heads" aria-hidden="true">
          {Array.from({ length: columns }, (_, column) => <span key={column}>+{column}</span>)}
        </div>
      ) : null}
      {shownRows.map((row) => (
        <Row
          key={row[0]} row={row} device={name} slots={slots} reserved={reserved} waste={waste} stop={row.includes(stop) ? stop : null}
          meant={meant != null && row.includes(meant) ? meant : null} countFrom={countFrom} hasNumbers={isTouch}
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
