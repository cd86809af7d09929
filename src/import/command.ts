import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { readConfig } from '../config.ts'
import { type Out, progressOf } from '../terminal/progress.ts'
import { StartError } from '../domain/operator-error.ts'
import { importHistory } from './import-history.ts'
import { isZone, oldZone } from './old-times.ts'
import { reportText } from './report.ts'
import { openOldDatabase } from './source.ts'
import { openImportTarget } from './target.ts'

const usage = `Brings the history of Platform Status DB into this service.

  npm run import -- --from <db.sqlite3 | postgresql://user:password@host:port/name> [options]

  --dry-run          tell what would be done, and write nothing
  --json             the report as JSON
  --timezone <zone>  where the orchestrator's clock stood, as America/New_York (default: ${oldZone}, as the old system took it)
  --keep-simulation  keep the old system's mark that a step was simulated, which it gives every step
  --help

The source is only read. It goes into the database that DATABASE_URL names, else into the one under DATA_DIR, whether or not
the service runs. Run again, it adds only what is new.
`

type Streams = { env: Readonly<Record<string, string | undefined>>, stdout: Out, stderr: Out, signal: AbortSignal }
type Options = { from: string, dry_run: boolean, json: boolean, timezone: string, keep_simulation: boolean }

/**
 * The command `import`: answers its exit code. 0: done, whatever had to be settled; 1: it could not be done, told on
 * `stderr`; 2: it was asked wrongly. The report goes to `stdout`, the progress to `stderr`.
 */
export async function importCommand (args: readonly string[], streams: Streams): Promise<0 | 1 | 2> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    const help = options === ''
    ;(help ? streams.stdout : streams.stderr).write(help ? usage : `${options}\n\n${usage}`)
    return help ? 0 : 2
  }
  try {
    await run(options, streams)
    return 0
  } catch (error) {
    if (error === streams.signal.reason) {
      streams.stderr.write('\nStopped. What was brought in stays; run it again to go on.\n')
      return 1
    }
    if (!(error instanceof StartError)) throw error
    streams.stderr.write(`${error.message}\n`)
    return 1
  }
}

async function run ({ from, json, ...options }: Options, { env, stdout, stderr, signal }: Streams): Promise<void> {
  const began = performance.now()
  const config = readConfig(env)
  const log = pino({ level: 'warn' }, { write: (line: string) => stderr.write(line) })
  const source = await openOldDatabase(from)
  try {
    const target = await openImportTarget({ config, log, dry_run: options.dry_run, signal })
    try {
      const by = { actor: 'import', request_id: `import-${randomUUID()}`, reason: `the history of Platform Status DB in ${source.name}` }
      const tell = (what: string, total: number) => total === 0 ? silent : progressOf(stderr, what, total)
      const result = await importHistory(source, { store: target.store, by, tell, signal }, options)
      const report = { source: source.name, target: target.name, dry_run: options.dry_run, seconds: Math.round(performance.now() - began) / 1000, ...result }
      stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `\n${reportText(report)}`)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

const silent = { step: () => {}, done: () => {} }

/** The options; or what is wrong with them; or nothing when help is asked for. */
function readOptions (args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' }, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' }, timezone: { type: 'string' },
        'keep-simulation': { type: 'boolean' }, help: { type: 'boolean', short: 'h' }
      }
    })
    if (values.help) return ''
    const timezone = values.timezone ?? oldZone
    if (!values.from) return '--from is needed: the old database.'
    if (!isZone(timezone)) return `--timezone: no zone is called "${timezone}".`
    return { from: values.from, dry_run: values['dry-run'] ?? false, json: values.json ?? false, timezone, keep_simulation: values['keep-simulation'] ?? false }
  } catch (error) {
    return `${(error as Error).message}.`
  }
}
