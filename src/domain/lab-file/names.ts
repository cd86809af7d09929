import { isLine } from '../plain-text.ts'
import { isPathName } from '../values.ts'

// The same rule as the schemas Name and DeviceName, for names that are keys of the lab file.
const longest = 200
const spaceAtEnd = /^\s|\s$/

/** Which rule a name breaks, in words; null when none. */
export function nameFault (name: string): string | null {
  if (name === '') return 'must not be empty'
  if (Array.from(name).length > longest) return `must not be longer than ${longest} characters`
  if (!isLine(name)) return 'must not hold control characters'
  if (spaceAtEnd.test(name)) return 'must not begin or end with a space'
  return null
}

/** As nameFault, for a device, whose name stands in paths. */
export function deviceNameFault (name: string): string | null {
  return nameFault(name) ?? (isPathName(name) ? null : 'must not be "." or ".."')
}
