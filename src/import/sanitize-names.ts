import { deviceNameFault, nameFault } from '../domain/lab-file/names.ts'
import { maxNameLength } from '../domain/limits.ts'
import { withoutControls } from '../domain/plain-text.ts'
import { isPathName, isUuid } from '../domain/values.ts'
import type { ConflictKind } from './conflicts.ts'

/** Turns a text into a valid name by removing what names must not contain; null if nothing is left. */
export function sanitizeName (text: string): string | null {
  if (nameFault(text) === null) return text
  const clean = withoutControls(text.toWellFormed()).trim()
  const cut = Array.from(clean).slice(0, maxNameLength).join('').trim()
  return cut === '' ? null : cut
}

/** Like sanitizeName, for a device. A device without a usable name is called "device <number>". */
export function sanitizeDeviceName (text: string, number: number): string {
  const name = sanitizeName(text)
  return name === null || deviceNameFault(name) !== null ? `device ${number}` : name
}

/** Reads a barcode of the old database. An unusable barcode becomes the name of the container. `settled` is the conflict. */
export function readBarcode (text: string): { barcode: string | null, name: string | null, settled: ConflictKind | null } {
  if (text === 'None' || text === '') return { barcode: null, name: null, settled: 'barcode-none' }
  const name = sanitizeName(text)
  if (isUuid(text)) return { barcode: null, name, settled: 'barcode-like-an-id' }
  if (Array.from(text).length > maxNameLength) return { barcode: null, name, settled: 'barcode-too-long' }
  if (name === text && isPathName(text)) return { barcode: text, name, settled: null }
  const usable = name !== null && isPathName(name) && !isUuid(name)
  return { barcode: usable ? name : null, name, settled: 'barcode-unusable' }
}
