import type { SchemaElement } from 'hyparquet'
import { ByteWriter, parquetWriteRows } from 'hyparquet-writer'
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { CellType, ExportColumn } from './export-columns.ts'

// A group of rows is in memory while it is written.
const rowsOfGroup = 20_000

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

/** The items as a Parquet file: typed columns, times in UTC with milliseconds, nested members as JSON text. The items are read as fast as the file is taken. */
export function parquetOf (items: AsyncIterable<Record<string, unknown>>, columns: readonly ExportColumn[]): Readable {
  const file = new PassThrough()
  const writer = writerTo(file)
  const written = parquetWriteRows({
    writer, rows: rowsOf(items, columns), columns: columns.map(({ name }) => ({ name })), rowGroupSize: rowsOfGroup, createdBy: 'platform-status',
    schema: [{ name: 'root', num_children: columns.length }, ...columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...elements[type] }))]
  })
  Promise.resolve(written).then(() => file.end(), (error: unknown) => file.destroy(error as Error))
  return file
}

async function * rowsOf (items: AsyncIterable<Record<string, unknown>>, columns: readonly ExportColumn[]): AsyncGenerator<Record<string, unknown>> {
  for await (const item of items) yield Object.fromEntries(columns.map(({ name, type, of }) => [name, cellOf(type, of(item))]))
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

/** Hands over what was written after each group, and waits while the file is not taken. */
function writerTo (file: PassThrough): ByteWriter {
  const writer = new ByteWriter()
  async function flush (): Promise<void> {
    const bytes = writer.getBytes().slice()
    writer.index = 0
    if (!file.write(bytes)) await once(file, 'drain')
  }
  return Object.assign(writer, { flush, finish: flush })
}
