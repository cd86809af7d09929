import type { Place } from '../api/generated/schema.d.ts'
import { isAllWaste } from '../lab/waste.ts'
import type { World } from '../lab/world.ts'

/** What the label of a device or of a slot says: "Hotel1", "Hotel1 5". Null if the lab has neither. */
export function placeOf (scanned: string, { devices }: Pick<World, 'devices'>): Partial<Place> | null {
  const whole = devices.get(scanned)
  if (whole !== undefined) return isAllWaste(whole) ? null : { device: scanned }
  const [, device = '', slot] = /^(.+?)[\s·:]+(\d+)$/.exec(scanned) ?? []
  const found = devices.get(device)
  return found === undefined || found.waste.has(Number(slot)) || Number(slot) >= found.positions ? null : { device, position: Number(slot) }
}

/** What is said about a scan that should have been the label of a slot. */
export function noPlaceText (scanned: string): string {
  return `${scanned} is no slot of this lab. Its label has the device and the number, for example Hotel1 5.`
}
