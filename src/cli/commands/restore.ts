import type { Command } from 'commander'
import { restoreBackup } from '../../backup/restore.ts'
import { readConfig } from '../../config.ts'
import { migrationsDirectory } from '../../store/migrations-directory.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { withDatabase } from '../database.ts'
import { type CommandIo, printAnswer } from '../io.ts'
import { rowsOf } from './backup.ts'

type RestoreCommandOptions = { replace?: boolean, json?: boolean }

export function restoreCommand (program: Command, io: CommandIo): void {
  program.command('restore')
    .argument('<file>', 'a backup')
    .description('Make the database the one of a backup, of this version or an older one; the service must be stopped')
    .option('--replace', 'also when the database holds a lab; what is there is lost')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nIt is the database of this machine\'s configuration: DATABASE_URL, or the embedded one in DATA_DIR.\n' +
    'All of it is restored, or nothing: the file is checked first, the database compared with it after.')
    .action(async (file: string, options: RestoreCommandOptions) => {
      const { signal } = io
      const restored = await withDatabase(readConfig(io.env), { alone: true },
        (url) => restoreBackup({ url, file, migrations: migrationsDirectory, replace: options.replace === true, signal }))
      const { header, migrations, left_out } = restored
      printAnswer(io, options, { file, ...restored }, () => [
        safeText(`restored: revision ${header.revision} of ${header.created_at}`),
        ...migrations.length > 0 ? [`brought up to date by ${migrations.join(', ')}`] : [],
        ...left_out.map(({ name, rows }) => safeText(`left out: the table ${name} with ${rows} rows, which this service does not know`)),
        '', ...rowsOf(restored)
      ])
    })
}
