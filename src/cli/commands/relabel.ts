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
    .option('--from <file>', 'read the labels from a file, one old=new a line (a tab, a semicolon or a comma divides as well; a tab is safe for every barcode); -: from standard input')
    .option('--dry-run', 'only show what would change')
    .addHelpText('after', '\nExample:\n  platform-status relabel SCREEN_001=SCREEN_002 SCREEN_002=SCREEN_001 --reason "Two labels were mixed up."')
    .action(async (labels: string[], { reason, from, ...options }: RelabelOptions) => {
      const given = labels.map((text) => labelOf(text, ['=']))
      const read = from === undefined ? [] : (await listed(io, [], from, 'which labels are new')).map((line) => labelOf(line, ['=', ';', ',']))
      const all = [...given, ...read]
      if (all.length === 0) throw usageError('Say which labels are new, as OLD=NEW, or name a file with them: --from.')
      await changeContainers(io, outcome, serviceClient(io, addressOf(io.env, options.url)), '/api/containers/relabel', { reason, labels: all }, options,
        ({ from, to, container }) => `${from?.barcode ?? container.name} is now ${to.barcode}`)
    })
}

/** A new label as people write it. A tab always divides it; without one, the only separator that is there. Throws a CommandError if it is none. */
function labelOf (text: string, separators: readonly string[]): NewLabel {
  const found = text.includes('\t') ? ['\t'] : separators.filter((one) => text.includes(one))
  const [container, barcode, ...more] = text.split(found[0] ?? '=').map((part) => part.trim())
  if (!container || !barcode) throw usageError(`A new label must be OLD=NEW, such as SCREEN_001=SCREEN_101, not "${text}".`)
  if (more.length > 0 || found.length > 1) throw usageError(`"${text}" has several separators, so it is not clear where the old label ends and the new one begins. Put a tab between the two labels.`)
  return { container, barcode }
}
