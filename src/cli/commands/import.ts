import type { Command } from 'commander'
import { importCommand } from '../../import/command.ts'
import type { Io } from '../io.ts'
import type { Outcome } from '../program.ts'

/** The importer reads its own options, and tells its own help. */
export function importHistory (program: Command, io: Io, outcome: Outcome): void {
  program.command('import').argument('[options...]')
    .description('Bring the history of Platform Status DB into the database of this machine\'s configuration')
    .helpOption(false).allowUnknownOption()
    .action(async (options: string[]) => {
      outcome.exitCode = await importCommand(options, { env: io.env, stdout: io.out, stderr: io.err, signal: io.signal })
    })
}
