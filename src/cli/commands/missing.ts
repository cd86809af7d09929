import type { Command } from 'commander'
import { addressOf, serviceClient } from '../client.ts'
import { changeContainers } from '../container-changes.ts'
import type { CommandIo } from '../io.ts'
import { listed } from '../listed.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type MissingOptions = ServiceOptions & { reason: string, from?: string, dryRun?: boolean }

export function missingCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('missing')).argument('[barcode...]', 'barcodes or ids of containers')
    .description('Record that nobody knows where containers are, all at once; their slots are free again')
    .requiredOption('--reason <text>', 'why; the event log keeps it')
    .option('--from <file>', 'read barcodes from a file, one a line; -: from standard input')
    .option('--dry-run', 'only show what would change')
    .addHelpText('after', '\nExample:\n  platform-status missing SCREEN_001 SCREEN_002 --reason "Not in the hotel after the power cut."\n\nA correction, a stocktake or a move without a source finds them again.')
    .action(async (barcodes: string[], { reason, from, ...options }: MissingOptions) => {
      const missing = await listed(io, barcodes, from, 'which containers are missing')
      await changeContainers(io, outcome, serviceClient(io, addressOf(io.env, options.url)), '/api/arrangements', { reason, items: [], missing }, options,
        ({ container, from }) => `${container.barcode ?? container.name} is missing; it was last in ${from?.device == null ? 'no slot' : `slot ${from.position} of ${from.device}`}`)
    })
}
