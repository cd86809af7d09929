import type { Command } from 'commander'
import type { RunningStep, RunningSteps } from '../../contract/running.ts'
import { localZone, type TimeColumn, timesIn } from '../../terminal/local-time.ts'
import { addressOf, serviceClient } from '../client.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { containersOf, whatOf } from './steps.ts'

export function runningCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('running'))
    .description('List the steps that have not ended: for how long they were active, and by when 95 of 100 such steps end; alarms first')
    .action(async (options: ServiceOptions) => {
      const { items } = await serviceClient(io, addressOf(io.env, options.url)).request<RunningSteps>('GET', '/api/steps/running')
      const times = timesIn(localZone(io.env))
      printResult(io, options, items, () => tableOr('no steps', [times.head('start'), 'device', 'what', 'state', 'seconds', 'done by', 'containers', 'id'], items.map((item) => rowOf(item, times))))
    })
}

function rowOf ({ step, state, elapsed_seconds: seconds, bound_at: bound }: RunningStep, times: TimeColumn): (string | null)[] {
  return [times.cell(step.start), step.device, whatOf(step), state, seconds.toFixed(1), bound === null ? null : times.cell(bound), containersOf(step), step.id]
}
