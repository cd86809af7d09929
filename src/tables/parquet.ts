import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { CellType, TableColumn } from './columns.ts'

type Item = Record<string, unknown>

/** A group of rows is in memory until it is written: so many rows, or so many characters of text if their cells are large. */
export const rowsOfGroup = 50_000
const textOfGroup = 64 * 2 ** 20

// Without the logical type, polars reads the times without their zone.
const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const
const elements = {
  text,
  json: text,
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } },
  whole: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  truth: { type: 'BOOLEAN' }
} as const satisfies Record<CellType, Omit<SchemaElement, 'name'>>

export type ParquetFile = {
  /** Adds rows, and returns what can be written to the file now, which is often nothing. */
  add (items: Iterable<Item>): Uint8Array
  /** The rest of the file. */
  end (): Uint8Array
}

/** A Parquet file that grows by groups of rows: typed columns, times in UTC with milliseconds, nested members as JSON text. */
export function parquetFile (columns: readonly TableColumn[]): ParquetFile {
  const writer = new ByteWriter()
  const file = new ParquetWriter({
    writer, createdBy: 'platform-status',
    schema: [{ name: 'root', num_children: columns.length }, ...columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...elements[type] }))]
  })
  let cells: unknown[][] = columns.map(() => [])
  let rows = 0
  let characters = 0
  let begun = false

  function writeGroup (): void {
    if (rows > 0) void file.write({ columnData: columns.map(({ name }, index) => ({ name, data: cells[index]! })), rowGroupSize: rows })
    cells = columns.map(() => [])
    rows = characters = 0
    begun = true
  }

  /** What was written since the last call. The writer counts on: offsets in the file are those of the whole file. */
  function written (): Uint8Array {
    // Until the first group, the file is four bytes. They wait, so that a failure can still be told instead.
    if (!begun) return new Uint8Array()
    const bytes = writer.getBytes().slice()
    writer.index = 0
    return bytes
  }

  return {
    add (items) {
      for (const item of items) {
        for (const [index, { type, of }] of columns.entries()) {
          const cell = cellOf(type, of(item))
          if (typeof cell === 'string') characters += cell.length
          cells[index]!.push(cell)
        }
        rows += 1
        if (rows === rowsOfGroup || characters >= textOfGroup) writeGroup()
      }
      return written()
    },
    end () {
      writeGroup()
      void file.finish()
      return written()
    }
  }
}

/** The items as a Parquet file. They are read as fast as the file is taken. */
export async function * parquetOf (items: AsyncIterable<Item>, columns: readonly TableColumn[]): AsyncGenerator<Uint8Array> {
  const file = parquetFile(columns)
  for await (const item of items) {
    const bytes = file.add([item])
    if (bytes.length > 0) yield bytes
  }
  yield file.end()
}

function cellOf (type: CellType, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  switch (type) {
    case 'time': return new Date(value as string)
    case 'whole': return BigInt(value as number)
    case 'json': return writeExactly(value)
    default: return value
  }
}
