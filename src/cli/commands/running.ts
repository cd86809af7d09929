import type { Command } from 'commander'
import type { CommandIo } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { showSteps } from './steps.ts'

export function runningCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('running'))
    .description('List the steps that are running, paused or lost, and for how long they were active')
    .option('--limit <number>', 'how many at most', '100')
    .action(async (options: ServiceOptions & { limit?: string }) => { await showSteps(io, options, ['running', 'paused', 'lost'].map((status) => ({ status, sort: 'start' }))) })
}
