import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import type { LabConfigResult, LabHealth, LabState } from '../../contract/lab.ts'
import { addressOf, serviceClient } from '../client.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { formatCount, type CommandIo, printAnswer, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type Applying = ServiceOptions & { dryRun?: boolean, prune: boolean }

export function labCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  const command = program.command('lab').description('The lab: its file, what stands in it, whether it is sound')
  const client = ({ url }: ServiceOptions) => serviceClient(io, addressOf(io.env, url))

  async function put (file: string, options: Applying, dryRun: boolean): Promise<void> {
    const query = new URLSearchParams({ dry_run: String(dryRun), prune: String(options.prune) })
    const type = file.endsWith('.json') ? 'application/json' : 'application/yaml'
    const result = await client(options).ask<LabConfigResult>('PUT', `/api/lab/config?${query.toString()}`, await textOf(file), type)
    printAnswer(io, options, result, () => changesOf(result))
  }

  const fileArgument = 'the lab file, YAML or (.json) JSON'
  const prune = ['--no-prune', 'keep the devices that the file does not name'] as const
  withServiceOptions(command.command('apply')).argument('<file>', fileArgument)
    .description('Make the lab the one of a lab file')
    .option('--dry-run', 'only tell what would change')
    .option(...prune)
    .action(async (file: string, options: Applying) => put(file, options, options.dryRun === true))
  withServiceOptions(command.command('plan')).argument('<file>', fileArgument)
    .description('Tell what a lab file would change, or why it would be refused')
    .option(...prune)
    .action(async (file: string, options: Applying) => put(file, options, true))

  withServiceOptions(command.command('show'))
    .description('The devices, and what stands on them')
    .action(async (options: ServiceOptions) => {
      const state = await client(options).ask<LabState>('GET', '/api/lab')
      printAnswer(io, options, state, () => linesOf(state))
    })

  withServiceOptions(command.command('health'))
    .description('What is wrong with the tracked lab; exit code 1 when something is')
    .action(async (options: ServiceOptions) => {
      const health = await client(options).ask<LabHealth>('GET', '/api/lab/health')
      if (!health.healthy) outcome.exitCode = exitCodes.finding
      printAnswer(io, options, health, () => tableOr('healthy', ['severity', 'code', 'device', 'slot', 'what'],
        health.findings.map(({ severity, code, device, position, message }) => [severity, code, device, position, message])))
    })
}

async function textOf (file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw usageError(`The lab file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  })
}

function changesOf ({ applied, changes, revision }: LabConfigResult): string[] {
  const changing = changes.filter(({ action }) => action !== 'unchanged')
  const rest = formatCount(changes.length - changing.length, 'device')
  const rows = changing.map(({ action, device, group, capacity, changed }) => [action, device, group, capacity.from, capacity.to, changed.join(', ') || '-'])
  return [
    ...tableOr('nothing changes', ['action', 'device', 'group', 'slots before', 'after', 'also changed'], rows), '',
    `${rest} unchanged; ${applied ? `applied, the lab is at revision ${revision}` : 'this is a plan, nothing was changed'}`
  ]
}

function linesOf ({ revision, totals, devices }: LabState): string[] {
  const share = totals.utilization === null ? '' : ` (${Math.round(totals.utilization * 100)} %)`
  const containers = devices.flatMap(({ name, containers }) => containers.map((one) => [one.barcode ?? one.name, name, one.position, lidOf(one)]))
  return [
    `revision ${revision}: ${formatCount(totals.devices, 'device')}, ${totals.occupied} of ${formatCount(totals.positions, 'slot')} occupied${share}, ` +
    `${formatCount(totals.containers, 'container')}, ${totals.containers_removed} removed`, '',
    ...tableOr('there are no devices', ['group', 'device', 'slots', 'occupied'], devices.map(({ group, name, positions, occupied }) => [group, name, positions, occupied])), '',
    ...tableOr('there are no containers', ['container', 'device', 'slot', 'lid'], containers)
  ]
}

/** Where the lid of a container is, in words. */
export function lidOf ({ lidded, lid }: { lidded: boolean, lid: { device: string, position: number } | null }): string {
  return lidded ? 'on' : lid === null ? 'none' : `${lid.device} ${lid.position}`
}
