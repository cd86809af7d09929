import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Argument, type Command, Option } from 'commander'
import { writeWhole } from '../../terminal/atomic-file.ts'
import { addressOf, clientOf } from '../client.ts'
import { csvLine, type Column, columnsOf, type Kind, kinds } from '../csv.ts'
import type { Io } from '../io.ts'

type Options = { url?: string, format: 'ndjson' | 'csv', out?: string, force?: boolean, device?: string, experiment?: string, after?: string, before?: string }

const everything: Readonly<Record<Kind, Readonly<Record<string, string>>>> = { steps: { sort: 'start' }, containers: { removed: 'any' }, events: {} }

export function exportHistory (program: Command, io: Io): void {
  program.command('export')
    .addArgument(new Argument('<kind>', 'what to write').choices(kinds))
    .description('Write the whole history as lines of JSON or as CSV, as it comes')
    .addOption(new Option('--format <name>', 'a thing a line as JSON, or a table').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--out <file>', 'into a file, which appears when it is whole (else the standard output)')
    .option('--force', 'overwrite the file if it is there')
    .option('--device <name>', 'steps and containers: only of this device')
    .option('--experiment <id>', 'steps: only of this experiment')
    .option('--after <time>', 'steps: only those that began then or later')
    .option('--before <time>', 'steps: only those that began earlier')
    .option('--url <address>', 'the address of the service (PLATFORM_STATUS_URL, or http://127.0.0.1:8000)')
    .action(async (kind: Kind, options: Options) => {
      const { device, experiment, after, before } = options
      const query = { ...everything[kind], device, experiment_id: experiment, started_after: after, started_before: before }
      const things = clientOf(io, addressOf(io.env, options.url)).list<Record<string, unknown>>(`/api/${kind}`, query)
      const lines = options.format === 'csv' ? csv(things, columnsOf[kind]) : ndjson(things)
      const write = async (sink: Writable, end: boolean) => { await pipeline(Readable.from(lines), sink, { signal: io.signal, end }) }
      if (options.out === undefined) await write(io.out, false)
      else await writeWhole(options.out, { overwrite: options.force === true }, (sink) => write(sink, true))
    })
}

async function * ndjson (things: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const thing of things) yield `${JSON.stringify(thing)}\n`
}

async function * csv (things: AsyncIterable<Record<string, unknown>>, columns: readonly Column[]): AsyncGenerator<string> {
  yield csvLine(columns.map(({ name }) => name))
  for await (const thing of things) yield csvLine(columns.map(({ of }) => of(thing)))
}
