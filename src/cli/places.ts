import { readTime } from '../terminal/local-time.ts'
import { usageError } from './exit-codes.ts'

export type PlaceOption = { device: string, position?: number }

/** A place as people write it: `Hotel1:5`, or only the device. */
export function parsePlace (text: string): PlaceOption {
  const [, device, position] = /^(.*?)(?::(\d+))?$/s.exec(text)!
  return { device: device!, ...(position !== undefined && { position: Number(position) }) }
}

/** A place with its slot. Throws a CommandError without one. */
export function slotOf (text: string, option: string): Required<PlaceOption> {
  const { device, position } = parsePlace(text)
  if (position === undefined) throw usageError(`${option} must be a device and a slot, such as Hotel1:5, not "${text}".`)
  return { device, position }
}

/** The time of an option. Throws a CommandError if it is none. */
export function timeOf (text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined
  const time = readTime(text)
  if (time === null) throw usageError(`${option} must be a time, such as "2026-11-27 10:00" or 2026-11-27T10:00:00Z, not "${text}".`)
  return time
}
