import type { Command } from 'commander'
import { pino } from 'pino'
import { readConfig } from '../../config.ts'
import { isZone, oldZone } from '../../import/old-times.ts'
import { reportText } from '../../import/report.ts'
import { runImport } from '../../import/run-import.ts'
import { progressOf } from '../../terminal/progress.ts'
import { safeJson, safeLines } from '../../terminal/safe-text.ts'
import { CommandError, exitCodes, usageError } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

type ImportCommandOptions = { from: string, dryRun?: true, json?: true, timezone: string, keepSimulation?: true }

const silent = { step: () => {}, done: () => {} }

/** Imports the history of Platform Status DB. The report goes to the standard output, the progress to the error output. */
export function importCommand (program: Command, io: CommandIo): void {
  program.command('import')
    .description('Import the history of Platform Status DB into the configured database')
    .requiredOption('--from <database>', 'old database: a SQLite file, or postgresql://user:password@host:port/name')
    .option('--dry-run', 'report what would be imported, and write nothing')
    .option('--json', 'print the report as JSON')
    .option('--timezone <zone>', 'time zone of the orchestrator\'s clock, for example America/New_York', oldZone)
    .option('--keep-simulation', 'keep the old system\'s simulation flag, which it sets on every step')
    .addHelpText('after', `
The old database is only read. The history goes into the configured database: DATABASE_URL, or the embedded database in DATA_DIR.
The service may be running. Another import adds only what is new.`)
    .action(async ({ from, json, timezone, dryRun, keepSimulation }: ImportCommandOptions) => {
      if (!isZone(timezone)) throw usageError(`--timezone: "${timezone}" is not a time zone.`)
      const report = await runImport(from, { dry_run: dryRun ?? false, timezone, keep_simulation: keepSimulation ?? false }, {
        config: readConfig(io.env),
        log: pino({ level: 'warn' }, { write: (line: string) => io.err.write(safeJson(line)) }),
        startProgress: (what, total) => total === 0 ? silent : progressOf(io.err, what, total),
        signal: io.signal
      }).catch((error: unknown) => {
        if (error !== io.signal.reason) throw error
        throw new CommandError('\nStopped. What was imported stays. Run the import again to continue.', exitCodes.finding)
      })
      io.out.write(json ? `${safeJson(JSON.stringify(report, null, 2))}\n` : `\n${safeLines(reportText(report))}`)
    })
}
