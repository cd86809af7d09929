import type { Command } from 'commander'
import type { Container } from '../../contract/containers.ts'
import { addressOf, type Client, serviceClient, segment } from '../client.ts'
import { CommandError, exitCodes } from '../exit-codes.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { lidOf } from './lab.ts'

type Found = { query: string, found: Container | null }

export function whereCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('where')).argument('<barcode...>', 'barcodes or ids of containers')
    .description('Show where containers and their lids are; exit code 1 if one is not on the platform')
    .action(async (barcodes: string[], options: ServiceOptions) => {
      const client = serviceClient(io, addressOf(io.env, options.url))
      const all = await Promise.all(barcodes.map((barcode) => find(client, barcode)))
      if (all.some(({ found }) => found?.device == null)) outcome.exitCode = exitCodes.finding
      printResult(io, options, all.map(({ query, found }) => found ?? { barcode: query, code: 'container-not-found' }), () =>
        tableOr('', ['container', 'name', 'device', 'slot', 'lid', 'since'], all.map(rowOf)))
    })
}

/** Finds the container on the platform; otherwise the container with this barcode that was removed last. */
async function find ({ request }: Client, query: string): Promise<Found> {
  try {
    return { query, found: await request<Container>('GET', `/api/containers/${segment(query)}`) }
  } catch (error) {
    if (!(error instanceof CommandError) || (error.json as { code?: string }).code !== 'container-not-found') throw error
    const { items } = await request<{ items: Container[] }>('GET', `/api/containers?removed=true&limit=500&barcode=${segment(query)}`)
    return { query, found: items.sort((a, b) => a.removed_at! < b.removed_at! ? 1 : -1)[0] ?? null }
  }
}

function rowOf ({ query, found }: Found): (string | number | null)[] {
  if (found === null) return [query, null, 'unknown', null, null, null]
  const { name, device, position, removed_at, updated_at } = found
  return device === null ? [query, name, 'removed', null, null, String(removed_at)] : [query, name, device, position, lidOf(found), String(updated_at)]
}
