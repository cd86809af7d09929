import type { Command } from 'commander'
import type { ContainerEvent } from '../../contract/containers.ts'
import { localZone, type TimeColumn, timesIn } from '../../terminal/local-time.ts'
import { addressOf, serviceClient, segment } from '../client.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type Situation = NonNullable<ContainerEvent['from']>

export function historyCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('history')).argument('<barcode>', 'barcode or id of the container')
    .description('List everything that happened to a container, oldest first: moves, lid changes, steps')
    .action(async (barcode: string, options: ServiceOptions) => {
      const { list } = serviceClient(io, addressOf(io.env, options.url))
      const times = timesIn(localZone(io.env))
      const events: ContainerEvent[] = []
      for await (const event of list<ContainerEvent>(`/api/containers/${segment(barcode)}/history`)) events.push(event)
      printResult(io, options, events, () => tableOr('no events', [times.head('at'), 'what', 'from', 'to', 'revision'], events.map((event) => rowOf(event, times))))
    })
}

function rowOf ({ at, kind, from, to, revision, step }: ContainerEvent, times: TimeColumn): (string | number | null)[] {
  if (step === null) return [times.cell(at), kind, situation(from), situation(to), revision]
  const took = step.active_seconds === null ? step.status : `${step.status}, ${step.active_seconds.toFixed(1)} s`
  const what = `${step.fct ?? step.name ?? 'step'} (${took})`
  return step.origin && step.destination
    ? [times.cell(at), what, `${end(step.origin)}, by ${step.device}`, end(step.destination), null]
    : [times.cell(at), what, step.device, null, null]
}

function end ({ device, position }: { device: string, position: number | null }): string {
  return position === null ? device : `${device} ${position}`
}

function situation (one: Situation | null): string | null {
  if (one === null) return null
  const place = one.missing_since !== null ? 'missing' : one.device === null ? 'off the platform' : `${one.device} ${one.position}`
  return one.lid === null ? place : `${place}, lid ${one.lid.device} ${one.lid.position}`
}
