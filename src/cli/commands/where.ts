import type { Command } from 'commander'
import type { Container } from '../../contract/containers.ts'
import { addressOf, type Client, serviceClient, segment } from '../client.ts'
import { CommandError, exitCodes } from '../exit-codes.ts'
import { type CommandIo, printAnswer, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { lidOf } from './lab.ts'

type Found = { asked: string, found: Container | null }

export function whereCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('where')).argument('<barcode...>', 'barcodes or ids of containers')
    .description('Where containers stand, and their lids; exit code 1 when one is not on the platform')
    .action(async (barcodes: string[], options: ServiceOptions) => {
      const client = serviceClient(io, addressOf(io.env, options.url))
      const all = await Promise.all(barcodes.map((barcode) => find(client, barcode)))
      if (all.some(({ found }) => found?.device == null)) outcome.exitCode = exitCodes.finding
      printAnswer(io, options, all.map(({ asked, found }) => found ?? { barcode: asked, code: 'container-not-found' }), () =>
        tableOr('', ['container', 'name', 'device', 'slot', 'lid', 'since'], all.map(rowOf)))
    })
}

/** The container that is on the platform, or the one removed last that had this barcode. */
async function find ({ ask }: Client, asked: string): Promise<Found> {
  try {
    return { asked, found: await ask<Container>('GET', `/api/containers/${segment(asked)}`) }
  } catch (error) {
    if (!(error instanceof CommandError) || (error.told as { code?: string }).code !== 'container-not-found') throw error
    const { items } = await ask<{ items: Container[] }>('GET', `/api/containers?removed=true&limit=500&barcode=${segment(asked)}`)
    return { asked, found: items.sort((a, b) => a.removed_at! < b.removed_at! ? 1 : -1)[0] ?? null }
  }
}

function rowOf ({ asked, found }: Found): (string | number | null)[] {
  if (found === null) return [asked, null, 'never seen', null, null, null]
  const { name, device, position, removed_at, updated_at } = found
  return device === null ? [asked, name, 'removed', null, null, String(removed_at)] : [asked, name, device, position, lidOf(found), String(updated_at)]
}
