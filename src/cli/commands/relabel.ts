import type { Command } from 'commander'
import type { NewLabel } from '../../contract/labels.ts'
import { addressOf, serviceClient } from '../client.ts'
import { changeContainers } from '../container-changes.ts'
import { usageError } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { listed } from '../listed.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type RelabelOptions = ServiceOptions & { reason: string, from?: string, dryRun?: boolean }

export function relabelCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('relabel')).argument('[old=new...]', 'the present barcode or the id of a container, and its new barcode')
    .description('Record new labels of containers, all at once and all or none; two labels can be swapped')
    .requiredOption('--reason <text>', 'why; the event log keeps it')
    .option('--from <file>', 'read the labels from a file, one old=new a line (a tab, a semicolon or a comma is read as well); -: from standard input')
    .option('--dry-run', 'only show what would change')
    .addHelpText('after', '\nExample:\n  platform-status relabel SCREEN_001=SCREEN_002 SCREEN_002=SCREEN_001 --reason "Two labels were mixed up."')
    .action(async (labels: string[], { reason, from, ...options }: RelabelOptions) => {
      const given = labels.map((text) => labelOf(text, /^(.+?)=(.+)$/s))
      const read = from === undefined ? [] : (await listed(io, [], from, 'which labels are new')).map((line) => labelOf(line, /^(.+?)[=\t;,](.+)$/s))
      const all = [...given, ...read]
      if (all.length === 0) throw usageError('Say which labels are new, as OLD=NEW, or name a file with them: --from.')
      await changeContainers(io, outcome, serviceClient(io, addressOf(io.env, options.url)), '/api/containers/relabel', { reason, labels: all }, options,
        ({ from, to, container }) => `${from?.barcode ?? container.name} is now ${to.barcode}`)
    })
}

/** A new label as people write it. Throws a CommandError if it is none. */
function labelOf (text: string, pattern: RegExp): NewLabel {
  const [, container, barcode] = pattern.exec(text) ?? []
  if (container === undefined || barcode === undefined || container.trim() === '' || barcode.trim() === '') {
    throw usageError(`A new label must be OLD=NEW, such as SCREEN_001=SCREEN_101, not "${text}".`)
  }
  return { container: container.trim(), barcode: barcode.trim() }
}
