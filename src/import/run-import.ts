import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { ImportOptions, StartProgress } from './import-context.ts'
import { importHistory } from './import-history.ts'
import { openOldDatabase } from './open-old-database.ts'
import type { ImportReport } from './report.ts'
import { openImportTarget } from './target.ts'

/**
 * Imports the history of the old database `from` (path or URL) into the configured database, and returns a report. The source
 * is only read. Throws an OperatorError for problems that the operator can fix.
 */
export async function runImport (from: string, options: ImportOptions, { config, log, startProgress, signal }: {
  config: Config, log: Logger, startProgress: StartProgress, signal: AbortSignal
}): Promise<ImportReport> {
  const began = performance.now()
  const source = await openOldDatabase(from)
  try {
    const target = await openImportTarget({ config, log, dry_run: options.dry_run, signal })
    try {
      const audit = { actor: 'import', request_id: `import-${randomUUID()}`, reason: `the history of Platform Status DB in ${source.name}` }
      const result = await importHistory(source, { store: target.store, audit, startProgress, signal }, options)
      return { source: source.name, target: target.name, dry_run: options.dry_run, seconds: Math.round(performance.now() - began) / 1000, ...result }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}
