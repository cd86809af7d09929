import type { Command } from 'commander'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Contents } from '../../backup/format.ts'
import { readBackup } from '../../backup/read.ts'
import { streamBackup, takeBackup } from '../../backup/take.ts'
import { readConfig } from '../../config.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { withDatabase } from '../database.ts'
import { formatBytes, type CommandIo, printAnswer, tableOr } from '../io.ts'

type BackupCommandOptions = { force?: boolean, verify?: boolean, json?: boolean }

export function backupCommand (program: Command, io: CommandIo): void {
  program.command('backup')
    .argument('<file>', 'where to write it; a directory gets a file named after the time; - is the standard output')
    .description('Write the whole database into one file, while the service runs or not')
    .option('--force', 'overwrite the file if it is there')
    .option('--verify', 'write nothing: read this backup through, and tell what it holds')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nIt is the database of this machine\'s configuration: DATABASE_URL, or the embedded one in DATA_DIR.\n' +
    'The file holds certificates and key hashes: keep it to yourself.')
    .action(async (file: string, options: BackupCommandOptions) => {
      if (options.verify === true) {
        const contents = await readBackup(file)
        printAnswer(io, options, { file, ...contents }, () => [`${file} is whole: ${sentenceOf(contents)}`, '', ...rowsOf(contents)])
        return
      }
      const { signal } = io
      const url = readConfig(io.env)
      if (file === '-') {
        await withDatabase(url, { alone: false }, (url) => streamBackup({ url, sink: io.out, signal }))
        return
      }
      const name = named(file)
      const contents = await withDatabase(url, { alone: false }, (url) => takeBackup({ url, file: name, overwrite: options.force === true, signal }))
      const size = statSync(name).size
      printAnswer(io, options, { file: name, bytes: size, ...contents }, () => [`${name} (${formatBytes(size)}): ${sentenceOf(contents)}`, '', ...rowsOf(contents)])
    })
}

/** In a directory, a file of this second. */
function named (file: string): string {
  const isDirectory = statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isDirectory ? join(file, `platform-status-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}Z.backup.gz`) : file
}

function sentenceOf ({ header }: Contents): string {
  return safeText(`revision ${header.revision} of ${header.created_at}, PostgreSQL ${header.postgresql}, schema ${header.migrations.at(-1)?.name}`)
}

export function rowsOf ({ tables }: Pick<Contents, 'tables'>): string[] {
  return tableOr('', ['table', 'rows'], tables.filter(({ name }) => name !== '_prisma_migrations').map(({ name, rows }) => [name, rows]))
}
