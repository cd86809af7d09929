import { createHash, type Hash } from 'node:crypto'
import { OperatorError } from '../domain/operator-error.ts'

// A backup is compressed text that `zcat` can show. It has a header line in JSON; for each table its rows in the text format of
// COPY, then the line `\.`, which cannot be a row because COPY doubles backslashes; and a trailer line in JSON with row counts
// and checksums. Each row is one line, every value is restored exactly, and psql alone could read the rows.

const formatName = 'platform-status-backup'
const formatVersion = 1
export const endOfTable = '\\.\n'

/** In bytes. The header and the trailer have a few KiB. */
const maxLineBytes = 4_194_304
/** In bytes. The longest rows are processes with a source of 4,194,304 characters, and stored responses of some MiB. */
const maxRowBytes = 268_435_456

/** A table in a backup. `columns` excludes generated columns. */
export type SavedTable = { name: string, columns: string[] }
export type SavedMigration = { name: string, checksum: string }
export type SavedSequence = { name: string, last_value: string }

/** The first line of a backup. Tables are in the order in which they can be filled. */
export type Header = {
  format: string, format_version: number
  created_at: string, service_version: string, postgresql: string, revision: number
  migrations: SavedMigration[], sequences: SavedSequence[], tables: SavedTable[]
}

/** The number of rows of a table, and the SHA-256 (hex) of its text in the order of its key. */
export type TableDigest = { name: string, rows: number, sha256: string }

/** The contents of a backup. `sha256` (hex) covers all of its text except the last line. */
export type Contents = { header: Header, tables: TableDigest[], sha256: string }

type Part = { kind: 'header', header: Header } | { kind: 'table', table: SavedTable, rows: AsyncIterable<Buffer> } | { kind: 'end', contents: Contents }

/** Counts and hashes the rows of a table, chunk by chunk. */
export function counter (): { take: (chunk: Buffer) => void, counted: (name: string) => TableDigest } {
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

/** Yields the text of a backup. `rowsOf` yields the rows of a table. `onEnd` is called with the contents at the end. */
export async function * writeText (
  about: Omit<Header, 'format' | 'format_version'>, rowsOf: (table: SavedTable) => AsyncIterable<Buffer>, onEnd: (contents: Contents) => void
): AsyncGenerator<Buffer> {
  const header: Header = { format: formatName, format_version: formatVersion, ...about }
  const whole = createHash('sha256')
  const hashed = (chunk: Buffer): Buffer => { whole.update(chunk); return chunk }
  const tables: TableDigest[] = []
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
  onEnd({ header, tables, sha256 })
}

/**
 * Reads the text of a backup part by part. The rows of a table must be consumed before the next part. Throws an OperatorError
 * if it is not a backup, or if it is incomplete or damaged; the latter may be noticed only after the last row.
 */
export async function * readText (text: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  const whole = createHash('sha256')
  const reader = lineReader(text, whole)
  const header = headerOf(await reader.line())
  yield { kind: 'header', header }
  const tables: TableDigest[] = []
  for (const table of header.tables) {
    const { take, counted } = counter()
    yield { kind: 'table', table, rows: passing(reader.rows(), take) }
    tables.push(counted(table.name))
  }
  const sha256 = whole.copy().digest('hex')
  const trailer = parsed(await reader.line()) as { tables?: TableDigest[], sha256?: string } | null
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

/** Reads lines and tables of a text one after the other, and adds them to the hash. Keeps one chunk or line in memory. */
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
        if (length > maxLineBytes) throw new OperatorError(`This file is not a backup of platform-status: one of its lines is longer than ${maxLineBytes} bytes.`)
        if (!await more()) throw cutOffError()
      }
    },
    /** Yields the rows up to the end of the table, in chunks that can end inside a row. */
    async * rows (): AsyncGenerator<Buffer> {
      while (rest.length < endOfTable.length) if (!await more()) throw cutOffError()
      if (rest.indexOf(endOfTable) === 0) {
        taken(endOfTable.length)
        return
      }
      for (let row = 0; ;) {
        const end = rest.indexOf(`\n${endOfTable}`)
        // The last bytes can be the start of the end marker, so they wait for the next chunk.
        const length = end === -1 ? rest.length - endOfTable.length : end + 1
        if (length > 0) {
          const chunk = taken(length)
          const last = chunk.lastIndexOf(10)
          row = last === -1 ? row + length : length - last - 1
          if (row > maxRowBytes) throw new OperatorError(`The backup is damaged: one of its rows is longer than ${maxRowBytes} bytes. Use another backup.`)
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
  if (header?.format !== formatName) throw new OperatorError('This file is not a backup of platform-status.')
  if (header.format_version !== formatVersion) {
    throw new OperatorError(`The backup was created by a newer version of the service (${header.service_version}): restore it with that version.`)
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
  return new OperatorError('The backup is cut off: its end is missing. Use another backup.')
}

export function alteredError (): OperatorError {
  return new OperatorError('The backup is damaged: its contents do not match its checksums. Use another backup.')
}

function line (value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}
