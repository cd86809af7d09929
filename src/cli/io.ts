import type { Readable, Writable } from 'node:stream'
import { inFull } from '../domain/whole-numbers.ts'
import type { TextOutput } from '../terminal/progress.ts'
import { safeJson, safeLines } from '../terminal/safe-text.ts'
import { tableOf } from '../terminal/table.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What a command uses of its process: its input and outputs, its environment variables, and the signal to stop. */
export type CommandIo = { in: Readable, out: Writable, err: TextOutput, env: Env, signal: AbortSignal }

/** Prints a result: with --json as JSON, otherwise as lines of text. */
export function printResult (io: CommandIo, { json }: { json?: boolean }, result: unknown, lines: () => readonly string[]): void {
  io.out.write(json === true ? `${safeJson(inFull(JSON.stringify(result, null, 2)))}\n` : safeLines(lines().map((line) => `${line}\n`).join('')))
}

type Cell = string | number | boolean | null | undefined

/** The lines of a table, or `emptyText` if it has no rows. */
export function tableOr (emptyText: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  if (rows.length === 0) return [emptyText]
  return tableOf(head, rows.map((row) => row.map((cell) => String(cell ?? '-'))))
}

/** A size for people: "9.6 KiB". */
export function formatBytes (count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10))
  return `${(count / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** "1 slot", "3 slots". */
export function formatCount (count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
