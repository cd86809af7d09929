import type { Command } from 'commander'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Contents } from '../../backup/format.ts'
import { readBackup } from '../../backup/read.ts'
import { streamBackup, takeBackup } from '../../backup/take.ts'
import { readConfig } from '../../config.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { configuredDatabaseHelp, withDatabase } from '../database.ts'
import { formatBytes, type CommandIo, printResult, tableOr } from '../io.ts'

type BackupCommandOptions = { force?: boolean, verify?: boolean, json?: boolean }

export function backupCommand (program: Command, io: CommandIo): void {
  program.command('backup')
    .argument('<file>', 'file to write; in a directory, the file is named after the time; - is the standard output')
    .description('Write the whole database to one file; the service may be running')
    .option('--force', 'overwrite an existing file')
    .option('--verify', 'write nothing; read this backup completely and show its contents')
    .option('--json', 'print JSON')
    .addHelpText('after', configuredDatabaseHelp +
    'The file contains certificates and hashes of API keys: keep it private.')
    .action(async (file: string, options: BackupCommandOptions) => {
      if (options.verify === true) {
        const contents = await readBackup(file)
        printResult(io, options, { file, ...contents }, () => [`${file} is complete: ${sentenceOf(contents)}`, '', ...rowsOf(contents)])
        return
      }
      const { signal } = io
      const config = readConfig(io.env)
      if (file === '-') {
        await withDatabase(config, { alone: false }, (url) => streamBackup({ url, sink: io.out, signal }))
        return
      }
      const name = backupFileName(file)
      const contents = await withDatabase(config, { alone: false }, (url) => takeBackup({ url, file: name, overwrite: options.force === true, signal }))
      const size = statSync(name).size
      printResult(io, options, { file: name, bytes: size, ...contents }, () => [`${name} (${formatBytes(size)}): ${sentenceOf(contents)}`, '', ...rowsOf(contents)])
    })
}

/** The file itself, or a file named after the current time if it is a directory. */
function backupFileName (file: string): string {
  const isDirectory = statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isDirectory ? join(file, `platform-status-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}Z.backup.gz`) : file
}

function sentenceOf ({ header }: Contents): string {
  return safeText(`revision ${header.revision} of ${header.created_at}, PostgreSQL ${header.postgresql}, schema ${header.migrations.at(-1)?.name}`)
}

export function rowsOf ({ tables }: Pick<Contents, 'tables'>): string[] {
  return tableOr('', ['table', 'rows'], tables.filter(({ name }) => name !== '_prisma_migrations').map(({ name, rows }) => [name, rows]))
}
