import { maxNameLength } from '../limits.ts'
import { invisibleFault, invisibleIn, isLine } from '../plain-text.ts'
import { isMemberName, isPathName } from '../values.ts'

// The rules of the schemas Name and DeviceName, for names that are keys in the lab file.
const spaceAtEnd = /^\s|\s$/

/** The rule that a name breaks; null if it is valid. */
export function nameFault (name: string): string | null {
  if (name === '') return 'must not be empty'
  if (Array.from(name).length > maxNameLength) return `must not be longer than ${maxNameLength} characters`
  if (!isLine(name)) return 'must not contain control characters'
  if (spaceAtEnd.test(name)) return 'must not begin or end with a space'
  const hidden = invisibleIn(name)
  return hidden === null ? null : invisibleFault(hidden)
}

/** Like nameFault, for the name of a device, which is also used in URL paths. */
export function deviceNameFault (name: string): string | null {
  return nameFault(name) ?? (isPathName(name) && isMemberName(name) ? null : 'must not be ".", ".." or "__proto__"')
}
