import { Command } from 'commander'
import { serviceVersion } from '../version.ts'
import { backup } from './commands/backup.ts'
import { completion } from './commands/completion.ts'
import { doctor } from './commands/doctor.ts'
import { estimate } from './commands/estimate.ts'
import { exportHistory } from './commands/export.ts'
import { history } from './commands/history.ts'
import { importHistory } from './commands/import.ts'
import { keys } from './commands/keys.ts'
import { lab } from './commands/lab.ts'
import { restore } from './commands/restore.ts'
import { serve } from './commands/serve.ts'
import { where } from './commands/where.ts'
import type { Io } from './io.ts'

/** What a command found, beyond having been done. */
export type Outcome = { exitCode: number }

const footer = `
Commands that ask a running service find it by --url or PLATFORM_STATUS_URL (http://127.0.0.1:8000), and show it the key in PLATFORM_STATUS_KEY.
Exit codes: 0 done; 1 refused, or something was found; 2 wrongly called; 3 the service or the database does not answer.`

/** The command line; each command is a file of src/cli/commands. */
export function programOf (io: Io, outcome: Outcome): Command {
  const program = new Command('platform-status')
    .description('The status service of a robotic laboratory: which labware stands where, what every step did, how long the next one takes.')
    .version(serviceVersion())
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out.write(text), writeErr: (text) => io.err.write(text) })
    .showHelpAfterError('(--help tells how)')
    .addHelpText('after', footer)
  serve(program, io)
  lab(program, io, outcome)
  where(program, io, outcome)
  history(program, io)
  estimate(program, io)
  importHistory(program, io, outcome)
  exportHistory(program, io)
  keys(program, io)
  backup(program, io)
  restore(program, io)
  doctor(program, io, outcome)
  completion(program, io)
  return program
}
