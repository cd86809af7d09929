import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { usageError } from './exit-codes.ts'

/** Reads lines, for example what a person or a scanner types. `next` returns null at the end of the input, and throws a CommandError if it is not UTF-8. */
export type LineReader = { next (): Promise<string | null>, close (): void }

export function lineReader (input: Readable): LineReader {
  const lines = createInterface({ input, crlfDelay: Infinity })
  let number = 0
  const iterator = lines[Symbol.asyncIterator]()
  return {
    async next () {
      const { value, done } = await iterator.next() as { value: string, done?: boolean }
      if (done === true) return null
      number += 1
      // Node has put this sign in the place of each byte that is no UTF-8. UTF-16 has a NUL beside each Latin letter.
      if (value.includes('\ufffd')) throw usageError(`Standard input is not UTF-8, probably Latin-1 or Windows-1252 (line ${number}). Convert it to UTF-8.`)
      if (value.includes('\0')) throw usageError('Standard input is probably UTF-16. Convert it to UTF-8.')
      return value
    },
    close: () => { lines.close() }
  }
}
