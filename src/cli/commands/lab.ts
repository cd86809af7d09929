import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import type { LabConfigResult, LabHealth, LabState } from '../../contract/lab.ts'
import { addressOf, serviceClient } from '../client.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { formatCount, type CommandIo, printResult, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type ApplyOptions = ServiceOptions & { dryRun?: boolean, prune: boolean }

export function labCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  const command = program.command('lab').description('Apply a lab file, and show the lab and its health')
  const client = ({ url }: ServiceOptions) => serviceClient(io, addressOf(io.env, url))

  async function put (file: string, options: ApplyOptions, dryRun: boolean): Promise<void> {
    const query = new URLSearchParams({ dry_run: String(dryRun), prune: String(options.prune) })
    const type = file.endsWith('.json') ? 'application/json' : 'application/yaml'
    const result = await client(options).request<LabConfigResult>('PUT', `/api/lab/config?${query.toString()}`, await textOf(file), type)
    printResult(io, options, result, () => changesOf(result))
  }

  const fileArgument = 'lab file: YAML, or JSON if its name ends with .json'
  const prune = ['--no-prune', 'keep devices that are not in the file'] as const
  withServiceOptions(command.command('apply')).argument('<file>', fileArgument)
    .description('Change the lab to match a lab file')
    .option('--dry-run', 'only show what would change')
    .option(...prune)
    .action(async (file: string, options: ApplyOptions) => put(file, options, options.dryRun === true))
  withServiceOptions(command.command('plan')).argument('<file>', fileArgument)
    .description('Show what a lab file would change, or why it would be refused')
    .option(...prune)
    .action(async (file: string, options: ApplyOptions) => put(file, options, true))

  withServiceOptions(command.command('show'))
    .description('Show the devices and the containers on them')
    .action(async (options: ServiceOptions) => {
      const state = await client(options).request<LabState>('GET', '/api/lab')
      printResult(io, options, state, () => linesOf(state))
    })

  withServiceOptions(command.command('health'))
    .description('List problems of the tracked lab; exit code 1 if there is an error')
    .action(async (options: ServiceOptions) => {
      const health = await client(options).request<LabHealth>('GET', '/api/lab/health')
      if (!health.healthy) outcome.exitCode = exitCodes.finding
      printResult(io, options, health, () => tableOr('healthy', ['severity', 'code', 'device', 'slot', 'message'],
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
    ...tableOr('no changes', ['action', 'device', 'group', 'slots before', 'after', 'also changed'], rows), '',
    `${rest} unchanged; ${applied ? `applied, the lab is at revision ${revision}` : 'this is only a plan'}`
  ]
}

function linesOf ({ revision, totals, devices }: LabState): string[] {
  const share = totals.utilization === null ? '' : ` (${Math.round(totals.utilization * 100)} %)`
  const containers = devices.flatMap(({ name, containers }) => containers.map((one) => [one.barcode ?? one.name, name, one.position, lidOf(one)]))
  return [
    `revision ${revision}: ${formatCount(totals.devices, 'device')}, ${totals.occupied} of ${formatCount(totals.positions, 'slot')} occupied${share}, ` +
    `${formatCount(totals.containers, 'container')}, ${totals.containers_removed} removed`, '',
    ...tableOr('no devices', ['group', 'device', 'slots', 'occupied'], devices.map(({ group, name, positions, occupied }) => [group, name, positions, occupied])), '',
    ...tableOr('no containers', ['container', 'device', 'slot', 'lid'], containers)
  ]
}

/** Where the lid of a container is: `on`, its place, or `none`. */
export function lidOf ({ lidded, lid }: { lidded: boolean, lid: { device: string, position: number } | null }): string {
  return lidded ? 'on' : lid === null ? 'none' : `${lid.device} ${lid.position}`
}
