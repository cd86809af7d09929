import { usageError } from './exit-codes.ts'

/** A plate that was seen. Its barcode is null if it cannot be read. */
export type Scan = { position: number, barcode: string | null }

/** What one line of scans says: the slot, and what is in it; `empty` is an empty slot, `end` the end of the scans. */
type Line = { position: number, what: { barcode: string | null } | 'empty' | 'end' }

// `12: SCREEN_001` names the slot. Spreadsheets write a comma, a semicolon or a tab.
const withSlot = /^\s*(\d{1,4})\s*[:,;\t](.*)$/s

/** Reads one line of scans. Without a slot of its own, the line is about the next slot. */
export function scanOf (line: string, next: number): Line {
  const [, slot, rest] = withSlot.exec(line) ?? []
  const position = slot === undefined ? next : Number(slot)
  const text = (rest ?? line).trim()
  if (text === '.') return { position, what: 'end' }
  if (text === '') return { position, what: 'empty' }
  return { position, what: { barcode: text === '?' ? null : text } }
}

/** The plates that a list of lines says. Throws a CommandError for a slot that is said twice. */
export function scansOf (lines: readonly string[]): Scan[] {
  const scans = new Map<number, Scan>()
  const said = new Set<number>()
  let next = 0
  for (const [index, line] of lines.entries()) {
    const { position, what } = scanOf(line, next)
    if (what === 'end') break
    if (said.has(position)) throw usageError(`Line ${index + 1} names slot ${position} again. Name each slot only once.`)
    said.add(position)
    if (what !== 'empty') scans.set(position, { position, ...what })
    next = position + 1
  }
  return [...scans.values()]
}

/** Whether the lines say where the scans end: then all other slots are empty, also if that is all slots. */
export function saysEnd (lines: readonly string[]): boolean {
  return lines.some((line) => scanOf(line, 0).what === 'end')
}

/** Refuses scans that say nothing. An empty file, or a pipe that broke, must not make all plates of a device missing. */
export function refuseNothingSaid (device: string): never {
  throw usageError(`No plate was scanned. If ${device} is empty, enter a line that has only a point (.).`)
}
