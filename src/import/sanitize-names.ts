import { deviceNameFault, nameFault } from '../domain/lab-file/names.ts'
import { withoutControls } from '../domain/plain-text.ts'
import { isPathName, isUuid } from '../domain/values.ts'
import type { ConflictKind } from './conflicts.ts'

const longest = 200

/** A text as a name: without what a name cannot have; null when nothing is left. */
export function sanitizeName (text: string): string | null {
  if (nameFault(text) === null) return text
  const clean = withoutControls(text.toWellFormed()).trim()
  const cut = Array.from(clean).slice(0, longest).join('').trim()
  return cut === '' ? null : cut
}

/** As mendedName, for a device; `number` names one that has no name at all. */
export function sanitizeDeviceName (text: string, number: number): string {
  const name = sanitizeName(text)
  return name === null || deviceNameFault(name) !== null ? `device ${number}` : name
}

/** What becomes of a barcode: a barcode, or the container's name, or nothing; and what had to be settled. */
export function readBarcode (text: string): { barcode: string | null, name: string | null, settled: ConflictKind | null } {
  if (text === 'None' || text === '') return { barcode: null, name: null, settled: 'barcode-none' }
  const name = sanitizeName(text)
  if (isUuid(text)) return { barcode: null, name, settled: 'barcode-like-an-id' }
  if (Array.from(text).length > longest) return { barcode: null, name, settled: 'barcode-too-long' }
  if (name === text && isPathName(text)) return { barcode: text, name, settled: null }
  const usable = name !== null && isPathName(name) && !isUuid(name)
  return { barcode: usable ? name : null, name, settled: 'barcode-unusable' }
}
