import type { Writable } from 'node:stream'
import type { Out } from '../terminal/progress.ts'
import { safeJson, safeLines } from '../terminal/safe-text.ts'
import { tableOf } from '../terminal/table.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What a command has of the world: where it writes, what it was started with, and when it shall stop. */
export type CommandIo = { out: Writable, err: Out, env: Env, signal: AbortSignal }

/** Writes an answer: as JSON when that was asked for, else as lines to read. */
export function printAnswer (io: CommandIo, { json }: { json?: boolean }, answer: unknown, lines: () => readonly string[]): void {
  io.out.write(json === true ? `${safeJson(JSON.stringify(answer, null, 2))}\n` : safeLines(lines().map((line) => `${line}\n`).join('')))
}

type Cell = string | number | boolean | null | undefined

/** A table, or a sentence when it would be empty. */
export function tableOr (none: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  if (rows.length === 0) return [none]
  return tableOf(head, rows.map((row) => row.map((cell) => String(cell ?? '-'))))
}

/** Bytes as people say them. */
export function formatBytes (count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10))
  return `${(count / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** "1 slot", "3 slots". */
export function formatCount (count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
