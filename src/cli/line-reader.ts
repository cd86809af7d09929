import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'

/** Reads lines, for example what a person or a scanner types. `next` returns null at the end of the input. */
export type LineReader = { next (): Promise<string | null>, close (): void }

export function lineReader (input: Readable): LineReader {
  const lines = createInterface({ input, crlfDelay: Infinity })
  const iterator = lines[Symbol.asyncIterator]()
  return {
    async next () {
      const { value, done } = await iterator.next() as { value: string, done?: boolean }
      return done === true ? null : value
    },
    close: () => { lines.close() }
  }
}
