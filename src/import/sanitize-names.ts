import { deviceNameFault, nameFault } from '../domain/lab-file/names.ts'
import { maxNameLength } from '../domain/limits.ts'
import { composed, controlClass, withoutControls, withoutInvisible } from '../domain/plain-text.ts'
import { isPathName, isUuid } from '../domain/values.ts'
import type { ConflictKind } from './conflicts.ts'

const outer = new RegExp(`^[\\s${controlClass}]+|[\\s${controlClass}]+$`, 'g')

/** Turns a text into a valid name by removing what names must not contain; null if nothing is left. */
export function sanitizeName (text: string): string | null {
  const name = composed(text)
  return nameFault(name) === null ? name : cleaned(name)
}

/** The same for a barcode, which may contain the group separator (GS) inside. */
function sanitizeBarcode (text: string): string | null {
  return cleaned(text, { keepSeparator: true })
}

function cleaned (text: string, options?: { keepSeparator: boolean }): string | null {
  const clean = trimmed(withoutInvisible(withoutControls(text.toWellFormed(), options)))
  const cut = trimmed(Array.from(clean).slice(0, maxNameLength).join(''))
  return cut === '' ? null : cut
}

function trimmed (text: string): string {
  return text.replaceAll(outer, '')
}

/** Like sanitizeName, for a device. A device without a usable name is called "device <number>". */
export function sanitizeDeviceName (text: string, number: number): string {
  const name = sanitizeName(text)
  return name === null || deviceNameFault(name) !== null ? `device ${number}` : name
}

/** Reads a barcode of the old database. An unusable barcode becomes the name of the container. `settled` is the conflict. */
export function readBarcode (given: string): { barcode: string | null, name: string | null, settled: ConflictKind | null } {
  const text = composed(given)
  if (text === 'None' || text === '') return { barcode: null, name: null, settled: 'barcode-none' }
  const name = sanitizeBarcode(text)
  if (isUuid(text)) return { barcode: null, name, settled: 'barcode-like-an-id' }
  if (Array.from(text).length > maxNameLength) return { barcode: null, name, settled: 'barcode-too-long' }
  if (name === text && isPathName(text)) return { barcode: text, name, settled: null }
  const usable = name !== null && isPathName(name) && !isUuid(name)
  return { barcode: usable ? name : null, name, settled: 'barcode-unusable' }
}
