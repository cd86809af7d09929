import type { Command } from 'commander'
import type { Experiment } from '../../contract/experiments.ts'
import type { Step } from '../../contract/steps.ts'
import { localZone, timesIn } from '../../terminal/local-time.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { type CommandIo, printResult } from '../io.ts'
import { timeOf } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type PauseOptions = ServiceOptions & { at?: string, reason?: string, dryRun?: boolean }
type Paused = Pick<Step | Experiment, 'status' | 'paused_at' | 'paused_seconds'>

/** Adds `pause` and `resume` to the command `steps`. */
export function stepsPauseCommands (program: Command, io: CommandIo): void {
  pauseCommands(program.commands.find((command) => command.name() === 'steps')!, io, 'step')
}

/** Adds `pause` and `resume` to a command. */
export function pauseCommands (parent: Command, io: CommandIo, kind: 'step' | 'experiment'): void {
  const descriptions = {
    pause: kind === 'step' ? 'Stop the clock of a running step' : 'Say that a running experiment stands still; its steps go on',
    resume: kind === 'step' ? 'Let the clock of a paused step go on' : 'Say that a paused experiment goes on'
  }
  for (const word of ['pause', 'resume'] as const) {
    withServiceOptions(parent.command(word)).argument('<id>', `id of the ${kind}`)
      .description(descriptions[word])
      .option('--at <time>', 'when; without an offset it is local; the default is now')
      .option('--reason <text>', `why; the history of the ${kind} keeps it`)
      .option('--dry-run', 'only show what would be')
      .action(async (id: string, _own: PauseOptions, command: Command) => {
        // commander gives options that `steps` has as well, such as --json, to `steps`
        const options = command.optsWithGlobals<PauseOptions>()
        const path = `/api/${kind}s/${segment(id)}/${word}?dry_run=${String(options.dryRun === true)}`
        const body = { at: timeOf(options.at, '--at'), reason: options.reason }
        const changed = await serviceClient(io, addressOf(io.env, options.url)).request<Paused>('POST', path, body)
        printResult(io, options, changed, () => [`the ${kind} ${sentenceOf(changed, io)}${options.dryRun === true ? '; this is only a look' : ''}`])
      })
  }
}

function sentenceOf ({ status, paused_at, paused_seconds }: Paused, io: CommandIo): string {
  const before = paused_seconds === 0 ? '' : `; it stood for ${paused_seconds.toFixed(1)} s${status === 'paused' ? ' before' : ''}`
  if (paused_at === null) return `is ${status}${before}`
  const zone = localZone(io.env)
  return `is paused since ${timesIn(zone).cell(paused_at)}${zone === 'UTC' ? '' : ` (${zone})`}${before}`
}
