import type { Command } from 'commander'
import type { FoundItem, SearchResult } from '../../contract/search.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { exitCodes } from '../exit-codes.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

export function findCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('find')).argument('<text...>', 'the beginning of a barcode or a name, a former barcode, a device and a slot, or an id, also of a request')
    .description('Find everything that a text can mean; exit code 1 if it means nothing')
    .action(async (words: string[], options: ServiceOptions) => {
      const path = `/api/search?limit=100&q=${segment(words.join(' '))}`
      const { items } = await serviceClient(io, addressOf(io.env, options.url)).request<SearchResult>('GET', path)
      if (items.length === 0) outcome.exitCode = exitCodes.finding
      printResult(io, options, items, () => tableOr('nothing found', ['kind', 'what', 'device', 'slot', 'found by', 'id'], items.map(rowOf)))
    })
}

function rowOf ({ kind, label, where, missing_since, removed_at, why, id }: FoundItem): (string | number | null)[] {
  return [kind, label, where?.device ?? (missing_since !== null ? 'missing' : removed_at !== null ? 'removed' : null), where?.position ?? null, why, id]
}
