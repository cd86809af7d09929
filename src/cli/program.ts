import { Command } from 'commander'
import { safeLines } from '../terminal/safe-text.ts'
import { serviceVersion } from '../version.ts'
import { backupCommand } from './commands/backup.ts'
import { calibrateCommand } from './commands/calibrate.ts'
import { completionCommand } from './commands/completion.ts'
import { doctorCommand } from './commands/doctor.ts'
import { estimateCommand } from './commands/estimate.ts'
import { exportCommand } from './commands/export.ts'
import { historyCommand } from './commands/history.ts'
import { importCommand } from './commands/import.ts'
import { keysCommand } from './commands/keys.ts'
import { labCommand } from './commands/lab.ts'
import { restoreCommand } from './commands/restore.ts'
import { serveCommand } from './commands/serve.ts'
import { stepsExcludeCommand } from './commands/steps-exclude.ts'
import { whereCommand } from './commands/where.ts'
import type { CommandIo } from './io.ts'
import type { Outcome } from './outcome.ts'

const footer = `
Commands that use a running service take its address from --url or PLATFORM_STATUS_URL (http://127.0.0.1:8000), and the key from PLATFORM_STATUS_KEY.
Exit codes: 0 success; 1 refused, or a problem was found; 2 wrong arguments; 3 the service or the database does not answer.`

/** The command line. Each command is one file in src/cli/commands. */
export function programOf (io: CommandIo, outcome: Outcome): Command {
  const program = new Command('platform-status')
    .description('The status service of a robotic laboratory: where labware is, what each step did, how long the next step takes.')
    .version(serviceVersion())
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out.write(safeLines(text)), writeErr: (text) => io.err.write(safeLines(text)) })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', footer)
  serveCommand(program, io)
  labCommand(program, io, outcome)
  whereCommand(program, io, outcome)
  historyCommand(program, io)
  estimateCommand(program, io)
  calibrateCommand(program, io)
  importCommand(program, io)
  exportCommand(program, io)
  keysCommand(program, io)
  backupCommand(program, io)
  restoreCommand(program, io)
  stepsExcludeCommand(program, io)
  doctorCommand(program, io, outcome)
  completionCommand(program, io)
  return program
}
