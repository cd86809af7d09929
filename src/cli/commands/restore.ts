import type { Command } from 'commander'
import { restoreBackup } from '../../backup/restore.ts'
import { readConfig } from '../../config.ts'
import { migrationsDirectory } from '../../store/migrations-directory.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { configuredDatabaseHelp, withDatabase } from '../database.ts'
import { type CommandIo, printResult } from '../io.ts'
import { rowsOf } from './backup.ts'

type RestoreCommandOptions = { replace?: boolean, json?: boolean }

export function restoreCommand (program: Command, io: CommandIo): void {
  program.command('restore')
    .argument('<file>', 'backup file')
    .description('Restore a backup of this or an older version; the service must be stopped')
    .option('--replace', 'replace the lab that is in the database; its data is lost')
    .option('--json', 'print JSON')
    .addHelpText('after', configuredDatabaseHelp +
    'Restores everything or nothing. The file is checked before, and the database is compared with it afterwards.')
    .action(async (file: string, options: RestoreCommandOptions) => {
      const { signal } = io
      const restored = await withDatabase(readConfig(io.env), { alone: true },
        (url) => restoreBackup({ url, file, migrations: migrationsDirectory, replace: options.replace === true, signal }))
      const { header, migrations, left_out } = restored
      printResult(io, options, { file, ...restored }, () => [
        safeText(`restored: revision ${header.revision} of ${header.created_at}`),
        ...migrations.length > 0 ? [`applied migrations: ${migrations.join(', ')}`] : [],
        ...left_out.map(({ name, rows }) => safeText(`skipped the unknown table ${name} with ${rows} rows`)),
        '', ...rowsOf(restored)
      ])
    })
}
