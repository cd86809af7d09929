import { Link } from 'wouter'
import { partsOf } from './hidden-characters.ts'

/** A name or a barcode, which other people chose. Two that look the same can differ in a character that nobody sees, so that one is shown as a mark. */
export function Name ({ children }: { children: string }) {
  const parts = partsOf(children)
  if (parts.length === 1 && !parts[0]!.isMark) return <bdi>{children}</bdi>
  return <bdi>{parts.map(({ text, isMark }, n) => isMark ? <b key={n} className="mark">{text}</b> : text)}</bdi>
}

/** The barcode, which people read on the label; without one, the name. */
export function labelOf ({ barcode, name }: { barcode: string | null, name: string }): string {
  return barcode ?? name
}

/** The address of the page of a container. */
export function containerPath ({ id, barcode }: { id: string, barcode: string | null }): string {
  return `/labware/${encodeURIComponent(barcode ?? id)}`
}

/** The address of a slot on the map. */
export function mapPath ({ device, position }: { device: string, position: number }): string {
  return `/?sel=${encodeURIComponent(`${device}:${position}`)}`
}

export function ContainerLink ({ container }: { container: { id: string, barcode: string | null, name: string } }) {
  return <Link href={containerPath(container)}><Name>{labelOf(container)}</Name></Link>
}

/** A slot of a device: "Hotel1 · 5". */
export function PlaceName ({ device, position }: { device: string, position: number | null }) {
  return <><Link href={`/devices/${encodeURIComponent(device)}`}><Name>{device}</Name></Link>{position === null ? null : <>{'\u00a0·\u00a0'}{position}</>}</>
}

/** A place in plain words, for names of controls: "Hotel1 · 5". */
export function placeText ({ device, position }: { device: string, position: number | null }): string {
  return position === null ? device : `${device} · ${position}`
}
