import { createHash, type Hash } from 'node:crypto'
import { OperatorError } from '../domain/operator-error.ts'

// A backup is gzip of lines that anybody can read with `zcat`: a header in JSON; for each table its rows as COPY's text
// format writes them, closed by a line `\.` (which no row can be: COPY doubles backslashes); a trailer in JSON with what
// was counted. So a row is a line, values come back to the last digit whatever their type, and psql alone could read it.

const formatName = 'platform-status-backup'
const formatVersion = 1
export const endOfTable = '\\.\n'

/** The header and the trailer are a few KiB. */
const longestLine = 4_194_304
/** The longest row is a process with a source of 4,194,304 characters, or the answer to a body of some MiB. */
const longestRow = 268_435_456

/** A table of the backup: its columns are those that hold data, not those that the database computes. */
export type SavedTable = { name: string, columns: string[] }
export type SavedMigration = { name: string, checksum: string }
export type SavedSequence = { name: string, last_value: string }

/** What a backup says of itself before its data. Tables come in the order in which they can be filled. */
export type Header = {
  format: string, format_version: number
  created_at: string, service_version: string, postgresql: string, revision: number
  migrations: SavedMigration[], sequences: SavedSequence[], tables: SavedTable[]
}

/** What a table holds: rows, and sha256 (hex) of its text in the order of its key. */
export type Counted = { name: string, rows: number, sha256: string }

/** What a backup holds, and sha256 (hex) of all its text but the last line. */
export type Contents = { header: Header, tables: Counted[], sha256: string }

type Part = { kind: 'header', header: Header } | { kind: 'table', table: SavedTable, rows: AsyncIterable<Buffer> } | { kind: 'end', contents: Contents }

/** Counts the rows of a table's text that passes by, and digests it. */
export function counter (): { take: (chunk: Buffer) => void, counted: (name: string) => Counted } {
  const hash = createHash('sha256')
  let rows = 0
  return {
    take (chunk) {
      hash.update(chunk)
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) rows++
    },
    counted: (name) => ({ name, rows, sha256: hash.digest('hex') })
  }
}

/** The text of a backup, chunk by chunk; `rowsOf` gives a table's text, and `told` hears what the backup holds when all is written. */
export async function * writeText (
  about: Omit<Header, 'format' | 'format_version'>, rowsOf: (table: SavedTable) => AsyncIterable<Buffer>, told: (contents: Contents) => void
): AsyncGenerator<Buffer> {
  const header: Header = { format: formatName, format_version: formatVersion, ...about }
  const whole = createHash('sha256')
  const hashed = (chunk: Buffer): Buffer => { whole.update(chunk); return chunk }
  const tables: Counted[] = []
  yield hashed(line(header))
  for (const table of header.tables) {
    const { take, counted } = counter()
    for await (const chunk of rowsOf(table)) {
      take(chunk)
      yield hashed(chunk)
    }
    yield hashed(Buffer.from(endOfTable))
    tables.push(counted(table.name))
  }
  const sha256 = whole.digest('hex')
  yield line({ tables, sha256 })
  told({ header, tables, sha256 })
}

/**
 * Reads the text of a backup part by part; the rows of a table must be read before the next part is asked for. Throws a
 * OperatorError for what is no backup, and, at the latest after the last row, for one that was cut off or altered.
 */
export async function * readText (text: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  const whole = createHash('sha256')
  const reader = lineReader(text, whole)
  const header = headerOf(await reader.line())
  yield { kind: 'header', header }
  const tables: Counted[] = []
  for (const table of header.tables) {
    const { take, counted } = counter()
    yield { kind: 'table', table, rows: passing(reader.rows(), take) }
    tables.push(counted(table.name))
  }
  const sha256 = whole.copy().digest('hex')
  const trailer = parsed(await reader.line()) as { tables?: Counted[], sha256?: string } | null
  if (trailer?.sha256 !== sha256 || JSON.stringify(trailer.tables) !== JSON.stringify(tables)) throw alteredError()
  if (await reader.hasMore()) throw alteredError()
  yield { kind: 'end', contents: { header, tables, sha256 } }
}

async function * passing (rows: AsyncIterable<Buffer>, take: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of rows) {
    take(chunk)
    yield chunk
  }
}

/** Lines and tables of a text, one after the other; all that is read goes into the hash. Of the text it keeps a chunk, or a line. */
function lineReader (text: AsyncIterable<Buffer>, hash: Hash) {
  const chunks = text[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)

  async function more (): Promise<boolean> {
    const next = await chunks.next()
    if (next.done === true) return false
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value])
    return true
  }

  function taken (length: number): Buffer {
    const chunk = rest.subarray(0, length)
    rest = rest.subarray(length)
    hash.update(chunk)
    return chunk
  }

  return {
    async line (): Promise<string> {
      const parts: Buffer[] = []
      for (let length = 0; ;) {
        const end = rest.indexOf(10)
        parts.push(taken(end === -1 ? rest.length : end + 1))
        if (end !== -1) return Buffer.concat(parts).toString('utf8')
        length += parts.at(-1)!.length
        if (length > longestLine) throw new OperatorError(`This file is no backup of platform-status: a line of it is longer than ${longestLine} bytes.`)
        if (!await more()) throw cutOffError()
      }
    },
    /** The text up to the end of the table, in chunks that may end anywhere. */
    async * rows (): AsyncGenerator<Buffer> {
      while (rest.length < endOfTable.length) if (!await more()) throw cutOffError()
      if (rest.indexOf(endOfTable) === 0) {
        taken(endOfTable.length)
        return
      }
      for (let row = 0; ;) {
        const end = rest.indexOf(`\n${endOfTable}`)
        // what may be the beginning of the end waits for what follows
        const length = end === -1 ? rest.length - endOfTable.length : end + 1
        if (length > 0) {
          const chunk = taken(length)
          const last = chunk.lastIndexOf(10)
          row = last === -1 ? row + length : length - last - 1
          if (row > longestRow) throw new OperatorError(`The backup is damaged: a row of it is longer than ${longestRow} bytes. Take another one.`)
          yield chunk
        }
        if (end !== -1) {
          taken(endOfTable.length)
          return
        }
        if (!await more()) throw cutOffError()
      }
    },
    hasMore: async (): Promise<boolean> => rest.length > 0 || await more()
  }
}

function headerOf (text: string): Header {
  const header = parsed(text) as Header | null
  if (header?.format !== formatName) throw new OperatorError('This file is no backup of platform-status.')
  if (header.format_version !== formatVersion) {
    throw new OperatorError(`The backup was made by a newer version of the service (${header.service_version}): restore it with that version.`)
  }
  if (![header.tables, header.migrations, header.sequences].every(Array.isArray)) throw alteredError()
  if (!header.tables.every((table: Partial<SavedTable> | null) => typeof table?.name === 'string' && Array.isArray(table.columns))) throw alteredError()
  return header
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export function cutOffError (): OperatorError {
  return new OperatorError('The backup is cut off: its end is missing. Take another one.')
}

export function alteredError (): OperatorError {
  return new OperatorError('The backup is damaged: what it holds is not what was counted when it was made. Take another one.')
}

function line (value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}
