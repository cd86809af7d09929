import { Argument, type Command, Option } from 'commander'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { writeExactly } from '../../domain/whole-numbers.ts'
import { writeAtomically } from '../../terminal/atomic-file.ts'
import { safeJson, safeText } from '../../terminal/safe-text.ts'
import { addressOf, serviceClient } from '../client.ts'
import { csvLine, type CsvColumn, csvColumns, type ExportKind, exportKinds } from '../csv.ts'
import type { CommandIo } from '../io.ts'
import { timeOf } from '../places.ts'
import { withUrlOption } from '../service-options.ts'

type ExportCommandOptions = { url?: string, format: 'ndjson' | 'csv', out?: string, force?: boolean, device?: string, experiment?: string, after?: string, before?: string }

const queryOf: Readonly<Record<ExportKind, Readonly<Record<string, string>>>> = { steps: { sort: 'start' }, containers: { removed: 'any' }, events: {} }

export function exportCommand (program: Command, io: CommandIo): void {
  withUrlOption(program.command('export'))
    .addArgument(new Argument('<kind>', 'what to export').choices(exportKinds))
    .description('Export the whole history as JSON lines or CSV')
    .addOption(new Option('--format <name>', 'ndjson: one JSON object per line; csv: a table').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--out <file>', 'write to this file, which appears when it is complete (default: standard output)')
    .option('--force', 'overwrite an existing file')
    .option('--device <name>', 'steps and containers: only those of this device')
    .option('--experiment <id>', 'steps: only those of this experiment')
    .option('--after <time>', 'steps: only those that started at this time or later; without an offset it is local')
    .option('--before <time>', 'steps: only those that started before this time')
    .action(async (kind: ExportKind, options: ExportCommandOptions) => {
      const { device, experiment, after, before } = options
      const query = { ...queryOf[kind], device, experiment_id: experiment, started_after: timeOf(after, '--after'), started_before: timeOf(before, '--before') }
      const items = serviceClient(io, addressOf(io.env, options.url)).list<Record<string, unknown>>(`/api/${kind}`, query)
      const lines = options.format === 'csv' ? csv(items, csvColumns[kind], options.out === undefined && (io.out as { isTTY?: boolean }).isTTY === true) : ndjson(items)
      const write = async (sink: Writable, end: boolean) => { await pipeline(Readable.from(lines), sink, { signal: io.signal, end }) }
      if (options.out === undefined) await write(io.out, false)
      else await writeAtomically(options.out, { overwrite: options.force === true }, (sink) => write(sink, true))
    })
}

async function * ndjson (items: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const item of items) yield `${safeJson(writeExactly(item))}\n`
}

/** A file gets the cells unchanged. A terminal (`isShown`) gets them escaped. */
async function * csv (items: AsyncIterable<Record<string, unknown>>, columns: readonly CsvColumn[], isShown: boolean): AsyncGenerator<string> {
  const lineOf = (cells: unknown[]) => isShown ? `${safeText(csvLine(cells).slice(0, -2))}\r\n` : csvLine(cells)
  yield lineOf(columns.map(({ name }) => name))
  for await (const item of items) yield lineOf(columns.map(({ of }) => of(item)))
}
