import type { Command } from 'commander'
import type { ContainerResult } from '../../contract/containers.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { type CommandIo, printResult } from '../io.ts'
import { parsePlace } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { lidOf } from './lab.ts'

type MoveOptions = ServiceOptions & { from?: string, to: string }

export function moveCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('move')).argument('<barcode>', 'barcode or id of the container')
    .description('Record that a container was moved by hand')
    .requiredOption('--to <place>', 'where it is now: device:slot, or device for the lowest free slot')
    .option('--from <place>', 'where it was; the move is refused if it was elsewhere')
    .addHelpText('after', '\nExample:\n  platform-status move SCREEN_001 --from Hotel1:3 --to Washer:0')
    .action(async (barcode: string, options: MoveOptions) => {
      const to = parsePlace(options.to)
      const from = options.from === undefined ? undefined : parsePlace(options.from)
      const { container } = await serviceClient(io, addressOf(io.env, options.url)).request<ContainerResult>('POST', `/api/containers/${segment(barcode)}/move`, {
        target_device: to.device, target_pos: to.position, source_device: from?.device, source_pos: from?.position
      })
      printResult(io, options, container, () => [sentenceOf(container)])
    })
}

/** "SCREEN_001 is in slot 0 of Washer, lid on". */
export function sentenceOf (container: ContainerResult['container']): string {
  const name = container.barcode ?? container.name
  if (container.missing_since !== null) return `${name} is missing; it was last in slot ${container.last_position} of ${container.last_device}`
  return container.device === null ? `${name} is off the platform` : `${name} is in slot ${container.position} of ${container.device}, lid ${lidOf(container)}`
}
