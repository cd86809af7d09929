import { type Command, Option } from 'commander'
import type { ContainerResult } from '../../contract/containers.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { usageError } from '../exit-codes.ts'
import { type CommandIo, printResult } from '../io.ts'
import { slotOf } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { sentenceOf } from './move.ts'

type CorrectOptions = ServiceOptions & { reason: string, at?: string, lid?: string, barcode?: string, displace?: string }

export function correctCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('correct')).argument('<barcode>', 'barcode or id of the container; the id of one that was removed')
    .description('Record what you see in the lab, when it is not what the service says')
    .requiredOption('--reason <text>', 'why; the event log keeps it')
    .option('--at <place>', 'where the container is: device:slot')
    .option('--lid <state>', 'on, unknown, or where the lid is parked: device:slot')
    .option('--barcode <text>', 'the barcode on the container')
    .addOption(new Option('--displace <what>', 'what to do with something that the service has in the slot: remove, or the place where it is'))
    .addHelpText('after', '\nExample:\n  platform-status correct SCREEN_001 --at Washer:0 --lid Hotel1:5 --reason "Found in the washer; the arm had stopped."')
    .action(async (barcode: string, { reason, at, lid, barcode: label, displace, ...options }: CorrectOptions) => {
      if (at === undefined && lid === undefined && label === undefined) throw usageError('Say what you see: --at, --lid or --barcode.')
      const body = {
        reason,
        ...(at !== undefined && slotOf(at, '--at')),
        ...(lid !== undefined && lidState(lid)),
        ...(label !== undefined && { barcode: label }),
        ...(displace !== undefined && { displace: displace === 'remove' ? displace : slotOf(displace, '--displace') })
      }
      const { container } = await serviceClient(io, addressOf(io.env, options.url)).request<ContainerResult>('POST', `/api/containers/${segment(barcode)}/correct`, body)
      printResult(io, options, container, () => [sentenceOf(container)])
    })
}

function lidState (text: string): object {
  if (text === 'on') return { lidded: true }
  return text === 'unknown' ? { lidded: false, lid: null } : { lid: slotOf(text, '--lid') }
}
