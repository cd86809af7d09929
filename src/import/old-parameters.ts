import { maxDataBytes, maxDataLevels, maxNameLength } from '../domain/limits.ts'
import { withoutControls } from '../domain/plain-text.ts'
import { depthOf, storageFault } from '../domain/values.ts'
import { writtenBytes } from '../domain/written-size.ts'
import type { ConflictKind } from './conflicts.ts'

const keptCharacters = 32_768

type Data = Record<string, unknown>

/** Converts the parameters of a step, which are text from Python's json module, to the object `data`. `settled` lists the conflicts. */
export function readParameters (text: string): { data: Data, settled: ConflictKind[] } {
  const settled: ConflictKind[] = []
  let data = asObject(parse(text, settled), settled)
  // Checked first, because the recursive functions below could not handle deeply nested values.
  if (depthOf(data, maxDataLevels + 1) > maxDataLevels || writtenBytes(data) > maxDataBytes) {
    settled.push('data-too-large')
    const { fct } = data
    data = { ...(typeof fct === 'string' ? { fct } : {}), text: text.slice(0, keptCharacters) }
  }
  if (storageFault(data) !== null) {
    settled.push('data-text')
    data = storable(data) as Data
  }
  const { fct } = data
  if (fct !== undefined && fct !== null && (typeof fct !== 'string' || fct !== asFct(fct))) {
    settled.push('fct-no-text')
    data = { ...data, fct: asFct(fct) }
  }
  return { data, settled }
}

function parse (text: string, settled: ConflictKind[]): unknown {
  const valid = withValidNumbers(text)
  try {
    const value = JSON.parse(valid) as unknown
    if (valid !== text) settled.push('data-number')
    return value
  } catch {
    settled.push('data-no-json')
    return { text }
  }
}

// Strings are matched only to skip them. The numbers are those that JSON does not allow, or with more digits than a double has.
const textOrOddNumber = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b|-?\b\d{16,}\b(?![.eE])/gs
const mayHold = /NaN|Infinity|\d{16}/

function withValidNumbers (text: string): string {
  if (!mayHold.test(text)) return text
  return text.replaceAll(textOrOddNumber, (found) => {
    if (found.startsWith('"')) return found
    if (!/\d/.test(found)) return 'null'
    return Number.isSafeInteger(Number(found)) ? found : `"${found}"`
  })
}

function asObject (value: unknown, settled: ConflictKind[]): Data {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Data
  settled.push('data-no-object')
  return { value }
}

function asFct (fct: unknown): string | null {
  const text = withoutControls(typeof fct === 'string' ? fct : JSON.stringify(fct))
  return text === '' ? null : Array.from(text).slice(0, maxNameLength).join('')
}

/** Replaces characters that PostgreSQL cannot store, numbers that a double cannot hold, and the key `__proto__`. */
function storable (value: unknown): unknown {
  if (typeof value === 'string') return cleaned(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(storable)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key === '__proto__' ? 'proto' : cleaned(key), storable(inner)]))
}

function cleaned (text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed()
}
