import type { Command } from 'commander'
import type { Alarm } from '../../contract/alarms.ts'
import { localZone, type TimeColumn, timesIn } from '../../terminal/local-time.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

export function alarmsCommand (program: Command, io: CommandIo): void {
  const alarms = withServiceOptions(program.command('alarms'))
    .description('List the steps that somebody has to look at: they take far longer than ever, or are lost')
    .action(async (options: ServiceOptions) => {
      const items: Alarm[] = []
      for await (const alarm of serviceClient(io, addressOf(io.env, options.url)).list<Alarm>('/api/alarms')) items.push(alarm)
      const times = timesIn(localZone(io.env))
      printResult(io, options, items, () => tableOr('no alarms', [times.head('raised'), 'kind', 'device', 'what', times.head('start'), 'at it', 'note', 'id'], items.map((alarm) => rowOf(alarm, times))))
    })

  withServiceOptions(alarms.command('acknowledge')).argument('<id>', 'id of the alarm')
    .description('Say that somebody is at an alarm; it stays on until the step has ended')
    .requiredOption('--note <text>', 'who is at it, and what is done')
    .action(async (id: string, _own: ServiceOptions, command: Command) => {
      // commander gives options that `alarms` has as well, such as --json, to `alarms`
      const options = command.optsWithGlobals<ServiceOptions & { note: string }>()
      const alarm = await serviceClient(io, addressOf(io.env, options.url)).request<Alarm>('POST', `/api/alarms/${segment(id)}/acknowledge`, { note: options.note })
      printResult(io, options, alarm, () => [`the alarm of ${alarm.device} is acknowledged: ${alarm.note ?? ''}`])
    })
}

function rowOf (alarm: Alarm, times: TimeColumn): (string | null)[] {
  const { raised_at, kind, device, fct, name, start, acknowledged_at, acknowledged_by, note, earlier_acknowledgement: before, id } = alarm
  const atIt = acknowledged_at === null ? null : acknowledged_by ?? 'yes'
  const said = note ?? (before === null ? null : `before: ${before.note}`)
  return [times.cell(raised_at), kind, device, fct ?? name, times.cell(start), atIt, said, id]
}
