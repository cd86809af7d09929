import type { Command } from 'commander'
import type { Step } from '../../contract/steps.ts'
import { localZone, type TimeColumn, timesIn } from '../../terminal/local-time.ts'
import { addressOf, serviceClient } from '../client.ts'
import { hintAtDevice } from '../device-hint.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { timeOf } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { limitOf } from './events.ts'

type StepsOptions = ServiceOptions & {
  device?: string, container?: string, experiment?: string, status?: string, after?: string, before?: string, limit: string
}

export function stepsCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('steps'))
    .description('List steps, newest first')
    .option('--device <name>', 'only those of this device')
    .option('--container <barcode>', 'only those that involved this container')
    .option('--experiment <id>', 'only those of this experiment')
    .option('--status <name>', 'only those with this status: running, paused, lost, completed, failed or aborted')
    .option('--after <time>', 'only those that started at this time or later; without an offset it is local')
    .option('--before <time>', 'only those that started before this time')
    .option('--limit <number>', 'how many at most', '20')
    .action(async (options: StepsOptions) => {
      const { device, container, experiment, status, after, before } = options
      const most = limitOf(options.limit)
      const query = { device, container, experiment_id: experiment, status, started_after: timeOf(after, '--after'), started_before: timeOf(before, '--before'), sort: '-start' }
      const client = serviceClient(io, addressOf(io.env, options.url))
      const items = await client.first<Step>('/api/steps', query, most)
      const times = timesIn(localZone(io.env))
      const now = Date.now()
      printResult(io, options, items, () => tableOr('no steps', [times.head('start'), 'device', 'what', 'status', 'seconds', 'containers', 'id'], items.map((step) => rowOf(step, times, now))))
      await hintAtDevice(client, io, options, items)
    })
}

function rowOf (step: Step, times: TimeColumn, now: number): (string | null)[] {
  const seconds = step.active_seconds ?? (step.status === 'running' || step.status === 'paused' ? activeUntil(step, now) : null)
  return [times.cell(step.start), step.device, whatOf(step), step.status, seconds === null ? null : seconds.toFixed(1), containersOf(step), step.id]
}

/** What a step does, in few words. */
export function whatOf (step: Pick<Step, 'kind' | 'name' | 'fct' | 'origin' | 'destination'>): string {
  const ends = step.origin && step.destination ? ` ${end(step.origin)} to ${end(step.destination)}` : ''
  return (step.fct ?? step.name ?? step.kind) + ends
}

/** The containers of a step in a cell of a table. */
export function containersOf ({ containers }: Pick<Step, 'containers'>): string | null {
  return containers.map(({ barcode, named }) => barcode ?? named).join(', ') || null
}

/** For how long a step that has not ended was active: until now, or until it was paused. */
function activeUntil ({ start, paused_at, paused_seconds }: Step, now: number): number {
  const until = paused_at === null ? now : Date.parse(String(paused_at))
  return Math.max(0, (until - Date.parse(String(start))) / 1000 - paused_seconds)
}

function end ({ device, position }: { device: string, position?: number | null }): string {
  return position == null ? device : `${device}:${position}`
}
