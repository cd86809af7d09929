import { Command } from 'commander'
import { safeLines } from '../terminal/safe-text.ts'
import { serviceVersion } from '../version.ts'
import type { CommandIo } from './io.ts'
import type { Outcome } from './outcome.ts'

const footer = `
Commands that use a running service take its address from --url or PLATFORM_STATUS_URL (else http://127.0.0.1 with PORT, else 8000), and the key from PLATFORM_STATUS_KEY.
Exit codes: 0 success; 1 refused, or a problem was found; 2 wrong arguments; 3 the service or the database does not answer.`

type Register = (program: Command, io: CommandIo, outcome: Outcome) => void

/** The commands in the order of the help. Each is one file in src/cli/commands, which is only read when it is needed: a call must not wait for the database client of another one. */
const commands: Readonly<Record<string, () => Promise<Register>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  lab: async () => (await import('./commands/lab.ts')).labCommand,
  where: async () => (await import('./commands/where.ts')).whereCommand,
  find: async () => (await import('./commands/find.ts')).findCommand,
  history: async () => (await import('./commands/history.ts')).historyCommand,
  move: async () => (await import('./commands/move.ts')).moveCommand,
  correct: async () => (await import('./commands/correct.ts')).correctCommand,
  remove: async () => (await import('./commands/remove.ts')).removeCommand,
  missing: async () => (await import('./commands/missing.ts')).missingCommand,
  relabel: async () => (await import('./commands/relabel.ts')).relabelCommand,
  'labware-types': async () => (await import('./commands/labware-types.ts')).labwareTypesCommand,
  stocktake: async () => (await import('./commands/stocktake.ts')).stocktakeCommand,
  steps: async () => await stepsCommands(),
  experiments: async () => (await import('./commands/experiments.ts')).experimentsCommand,
  timeline: async () => (await import('./commands/timeline.ts')).timelineCommand,
  running: async () => (await import('./commands/running.ts')).runningCommand,
  alarms: async () => (await import('./commands/alarms.ts')).alarmsCommand,
  events: async () => (await import('./commands/events.ts')).eventsCommand,
  watch: async () => (await import('./commands/watch.ts')).watchCommand,
  webhooks: async () => (await import('./commands/webhooks.ts')).webhooksCommand,
  estimate: async () => (await import('./commands/estimate.ts')).estimateCommand,
  calibrate: async () => (await import('./commands/calibrate.ts')).calibrateCommand,
  import: async () => (await import('./commands/import.ts')).importCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  keys: async () => (await import('./commands/keys.ts')).keysCommand,
  backup: async () => (await import('./commands/backup.ts')).backupCommand,
  restore: async () => (await import('./commands/restore.ts')).restoreCommand,
  partition: async () => (await import('./commands/partition.ts')).partitionCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  fleet: async () => (await import('./commands/fleet.ts')).fleetCommand,
  completion: async () => (await import('./commands/completion.ts')).completionCommand
}
/** `steps` lists them, `steps exclude` decides about them, `steps pause` and `steps resume` stop and start their clock. */
async function stepsCommands (): Promise<Register> {
  const [{ stepsCommand }, { stepsExcludeCommand }, { stepsPauseCommands }] = await Promise.all([
    import('./commands/steps.ts'), import('./commands/steps-exclude.ts'), import('./commands/pauses.ts')
  ])
  return (program, io) => {
    stepsCommand(program, io)
    stepsExcludeCommand(program, io)
    stepsPauseCommands(program, io)
  }
}

/** These need the others, to list them. */
const needAll: ReadonlySet<string> = new Set(['completion'])

/** The command line for these arguments. If they name a command, only that one is loaded; otherwise all are, for the help. */
export async function programOf (args: readonly string[], io: CommandIo, outcome: Outcome): Promise<Command> {
  const program = new Command('platform-status')
    .description('The status service of a robotic laboratory: where labware is, what each step did, how long the next step takes.')
    .version(serviceVersion())
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out.write(safeLines(text)), writeErr: (text) => io.err.write(safeLines(text)) })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', footer)
  const [first] = args
  const named = first !== undefined && Object.hasOwn(commands, first) && !needAll.has(first) ? commands[first] : undefined
  const wanted = named === undefined ? Object.values(commands) : [named]
  for (const register of await Promise.all(wanted.map(async (load) => await load()))) register(program, io, outcome)
  return program
}
