import { usageError } from './exit-codes.ts'
import type { CommandIo } from './io.ts'
import { inputLines } from './text-input.ts'

/** The arguments of a command, and the lines of the file of `--from`; empty lines do not count. Throws a CommandError if there are none. */
export async function listed (io: CommandIo, arguments_: readonly string[], from: string | undefined, what: string): Promise<string[]> {
  const lines = from === undefined ? [] : (await inputLines(io, from)).map((line) => line.trim()).filter((line) => line !== '')
  const all = [...arguments_, ...lines]
  if (all.length === 0) throw usageError(`Say ${what}, or name a file with them: --from.`)
  return all
}
