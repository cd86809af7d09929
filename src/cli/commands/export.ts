import { Argument, type Command, Option } from 'commander'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { writeExactly } from '../../domain/whole-numbers.ts'
import { type TableColumn, tableColumns, type TableKind, tableKinds } from '../../tables/columns.ts'
import { parquetOf } from '../../tables/parquet.ts'
import { writeAtomically } from '../../terminal/atomic-file.ts'
import { safeJson, safeText } from '../../terminal/safe-text.ts'
import { addressOf, serviceClient } from '../client.ts'
import { csvLine } from '../csv.ts'
import { usageError } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { timeOf } from '../places.ts'
import { withUrlOption } from '../service-options.ts'

type ExportCommandOptions = { url?: string, format: 'ndjson' | 'csv' | 'parquet', out?: string, force?: boolean, device?: string, experiment?: string, after?: string, before?: string }

type Choice = 'device' | 'experiment' | 'after' | 'before'

const queryOf: Readonly<Record<TableKind, Readonly<Record<string, string>>>> = { steps: { sort: 'start' }, containers: { removed: 'any' }, events: {}, experiments: {} }
/** The parameter of each option that chooses a part; without one, this kind cannot be chosen by it. */
const parameters: Readonly<Record<TableKind, Readonly<Partial<Record<Choice, string>>>>> = {
  steps: { device: 'device', experiment: 'experiment_id', after: 'started_after', before: 'started_before' },
  containers: { device: 'device' },
  events: { device: 'device', experiment: 'experiment', after: 'recorded_after', before: 'recorded_before' },
  experiments: { after: 'started_after', before: 'started_before' }
}

export function exportCommand (program: Command, io: CommandIo): void {
  withUrlOption(program.command('export'))
    .addArgument(new Argument('<kind>', 'what to export').choices(tableKinds))
    .description('Export the whole history as JSON lines, CSV or Parquet')
    .addOption(new Option('--format <name>', 'ndjson: one JSON object per line; csv: a table; parquet: a table for polars, DuckDB or Spark').choices(['ndjson', 'csv', 'parquet']).default('ndjson'))
    .option('--out <file>', 'write to this file, which appears when it is complete (default: standard output)')
    .option('--force', 'overwrite an existing file')
    .option('--device <name>', 'only those of this device')
    .option('--experiment <id>', 'steps and events: only those of this experiment')
    .option('--after <time>', 'only steps that started, or events that were recorded, at this time or later; without an offset it is local')
    .option('--before <time>', 'only those from before this time')
    .action(async (kind: TableKind, options: ExportCommandOptions) => {
      const { device, experiment, after, before } = options
      const query = { ...queryOf[kind], ...chosen(kind, { device, experiment, after: timeOf(after, '--after'), before: timeOf(before, '--before') }) }
      const items = serviceClient(io, addressOf(io.env, options.url)).list<Record<string, unknown>>(`/api/${kind}`, query)
      const isShown = options.out === undefined && (io.out as { isTTY?: boolean }).isTTY === true
      if (isShown && options.format === 'parquet') throw usageError('A Parquet file cannot be shown in a terminal: name a file with --out.')
      const columns = tableColumns[kind]
      const formats = { parquet: parquetOf, csv: (all: typeof items) => csv(all, columns, isShown), ndjson }
      const content = Readable.from(formats[options.format](items, columns))
      const write = async (sink: Writable, end: boolean) => { await pipeline(content, sink, { signal: io.signal, end }) }
      if (options.out === undefined) await write(io.out, false)
      else await writeAtomically(options.out, { overwrite: options.force === true }, (sink) => write(sink, true))
    })
}

/** The part that the options choose, as parameters of the list. Throws a CommandError for an option that this kind does not know. */
function chosen (kind: TableKind, choices: Readonly<Record<Choice, string | undefined>>): Record<string, string> {
  const given = (Object.keys(choices) as Choice[]).flatMap((choice) => choices[choice] === undefined ? [] : [[choice, choices[choice]] as const])
  return Object.fromEntries(given.map(([choice, value]) => {
    const parameter = parameters[kind][choice]
    if (parameter === undefined) {
      const possible = Object.keys(parameters[kind]).map((one) => `--${one}`).join(', ')
      throw usageError(`--${choice} cannot be used for ${kind}: use ${possible}, or export events, which are the history of all containers.`)
    }
    return [parameter, value]
  }))
}

async function * ndjson (items: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const item of items) yield `${safeJson(writeExactly(item))}\n`
}

/** A file gets the cells unchanged. A terminal (`isShown`) gets them escaped. */
async function * csv (items: AsyncIterable<Record<string, unknown>>, columns: readonly TableColumn[], isShown: boolean): AsyncGenerator<string> {
  const lineOf = (cells: unknown[]) => isShown ? `${safeText(csvLine(cells).slice(0, -2))}\r\n` : csvLine(cells)
  yield lineOf(columns.map(({ name }) => name))
  for await (const item of items) yield lineOf(columns.map(({ of }) => of(item)))
}
