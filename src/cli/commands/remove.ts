import type { Command } from 'commander'
import type { Container } from '../../contract/containers.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { type CommandIo, printResult } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type RemoveOptions = ServiceOptions & { reason: string, dryRun?: boolean }

export function removeCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('remove')).argument('<barcode>', 'barcode or id of the container')
    .description('Take a container off the platform; its slot, the slot of its lid and its barcode are free again')
    .requiredOption('--reason <text>', 'why; the event log keeps it')
    .option('--dry-run', 'only show what would change')
    .addHelpText('after', '\nExample:\n  platform-status remove SCREEN_001 --reason "Broken in the centrifuge."')
    .action(async (barcode: string, { reason, dryRun, ...options }: RemoveOptions) => {
      const query = new URLSearchParams({ reason, dry_run: String(dryRun === true) })
      const container = await serviceClient(io, addressOf(io.env, options.url)).request<Container>('DELETE', `/api/containers/${segment(barcode)}?${query.toString()}`)
      const name = container.barcode ?? container.name
      printResult(io, options, container, () => [dryRun === true ? `${name} would be off the platform; this is only a plan` : `${name} is off the platform since ${String(container.removed_at)}`])
    })
}
