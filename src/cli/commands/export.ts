import { Argument, type Command, Option } from 'commander'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { writeAtomically } from '../../terminal/atomic-file.ts'
import { addressOf, serviceClient } from '../client.ts'
import { csvLine, type CsvColumn, columnsOf, type ExportKind, exportKinds } from '../csv.ts'
import type { CommandIo } from '../io.ts'
import { withUrlOption } from '../service-options.ts'

type ExportCommandOptions = { url?: string, format: 'ndjson' | 'csv', out?: string, force?: boolean, device?: string, experiment?: string, after?: string, before?: string }

const everything: Readonly<Record<ExportKind, Readonly<Record<string, string>>>> = { steps: { sort: 'start' }, containers: { removed: 'any' }, events: {} }

export function exportCommand (program: Command, io: CommandIo): void {
  withUrlOption(program.command('export'))
    .addArgument(new Argument('<kind>', 'what to write').choices(exportKinds))
    .description('Write the whole history as lines of JSON or as CSV, as it comes')
    .addOption(new Option('--format <name>', 'a thing a line as JSON, or a table').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--out <file>', 'into a file, which appears when it is whole (else the standard output)')
    .option('--force', 'overwrite the file if it is there')
    .option('--device <name>', 'steps and containers: only of this device')
    .option('--experiment <id>', 'steps: only of this experiment')
    .option('--after <time>', 'steps: only those that began then or later')
    .option('--before <time>', 'steps: only those that began earlier')
    .action(async (kind: ExportKind, options: ExportCommandOptions) => {
      const { device, experiment, after, before } = options
      const query = { ...everything[kind], device, experiment_id: experiment, started_after: after, started_before: before }
      const things = serviceClient(io, addressOf(io.env, options.url)).list<Record<string, unknown>>(`/api/${kind}`, query)
      const lines = options.format === 'csv' ? csv(things, columnsOf[kind]) : ndjson(things)
      const write = async (sink: Writable, end: boolean) => { await pipeline(Readable.from(lines), sink, { signal: io.signal, end }) }
      if (options.out === undefined) await write(io.out, false)
      else await writeAtomically(options.out, { overwrite: options.force === true }, (sink) => write(sink, true))
    })
}

async function * ndjson (things: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const thing of things) yield `${JSON.stringify(thing)}\n`
}

async function * csv (things: AsyncIterable<Record<string, unknown>>, columns: readonly CsvColumn[]): AsyncGenerator<string> {
  yield csvLine(columns.map(({ name }) => name))
  for await (const thing of things) yield csvLine(columns.map(({ of }) => of(thing)))
}
