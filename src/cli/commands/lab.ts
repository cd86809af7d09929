import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import type { Container } from '../../contract/containers.ts'
import type { LabConfigResult, LabHealth, LabRestoreResult, LabState } from '../../contract/lab.ts'
import type { Position } from '../../contract/positions.ts'
import { encodingFault } from '../../domain/text-encoding.ts'
import { withNearDevice } from '../device-hint.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { formatCount, type CommandIo, printResult, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import { timeOf } from '../places.ts'
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

  withServiceOptions(command.command('show')).argument('[device]', 'show the slots of this device')
    .description('Show the devices and the containers on them, or the slots of one device')
    .action(async (device: string | undefined, options: ServiceOptions) => {
      if (device !== undefined) {
        await showDevice(device, options)
        return
      }
      const { request, list } = client(options)
      const state = await request<LabState>('GET', '/api/lab')
      const missing: Container[] = []
      if (state.totals.containers_missing > 0) for await (const one of list<Container>('/api/containers', { missing: 'true' })) missing.push(one)
      printResult(io, options, state, () => linesOf(state, missing))
    })

  async function showDevice (device: string, options: ServiceOptions): Promise<void> {
    const asked = client(options)
    const { request } = asked
    const slots = await request<Position[]>('GET', `/api/devices/${segment(device)}/positions`)
      .catch(async (error: unknown) => { throw await withNearDevice(asked, device, error) })
    const state = await request<LabState>('GET', '/api/lab')
    const containers = new Map(state.devices.flatMap((one) => one.containers).map((one) => [one.id, one]))
    printResult(io, options, slots, () => [
      `${device}: ${formatCount(slots.length, 'slot')}, ${slots.filter(({ empty }) => !empty).length} occupied`, '',
      ...tableOr('no slots', ['slot', 'holds', 'lid', 'reserved for'], slots.map((slot) => slotRow(slot, containers.get(slot.container_id ?? ''))))
    ])
  }

  withServiceOptions(command.command('restore'))
    .description('Put devices, slots, containers and lids back as they were, after a wipe or a wrong lab file')
    .requiredOption('--at <point>', 'revision, or time such as "2026-11-27 10:00"; `events` shows both')
    .requiredOption('--reason <text>', 'why; the event log keeps it')
    .option('--dry-run', 'only show what would change')
    .action(async (options: ServiceOptions & { at: string, reason: string, dryRun?: boolean }) => {
      const at = /^\d+$/.test(options.at) ? Number(options.at) : timeOf(options.at, '--at')
      const result = await client(options).request<LabRestoreResult>('POST', '/api/lab/restore', { at, reason: options.reason, dry_run: options.dryRun === true })
      if (result.findings.length > 0) outcome.exitCode = exitCodes.finding
      printResult(io, options, result, () => restoredLines(result))
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
  const bytes = await readFile(file).catch((error: unknown) => {
    throw usageError(`The lab file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  })
  const fault = encodingFault(bytes)
  if (fault !== null) throw usageError(`The lab file ${file} ${fault}. Save it as UTF-8.`)
  return bytes.toString('utf8')
}

function slotRow ({ position, occupied_by, container, reserved }: Position, known: LabState['devices'][number]['containers'][number] | undefined): (string | number | null)[] {
  const name = container ?? known?.name ?? null
  const holds = occupied_by === 'lid' ? `lid of ${known?.barcode ?? known?.name ?? 'a container'}` : occupied_by === null ? null : name
  return [position, holds, occupied_by === 'container' && known !== undefined ? lidOf(known) : null, reserved?.owner ?? null]
}

function restoredLines ({ applied, restored_to, devices, containers, findings, revision }: LabRestoreResult): string[] {
  return [
    ...devices.length === 0 ? [] : [...tableOr('', ['action', 'device', 'slots before', 'after'], devices.map(({ action, device, capacity }) => [action, device, capacity.from, capacity.to])), ''],
    ...containers.length === 0 ? [] : [...tableOr('', ['container', 'device', 'slot', 'lid'], containers.map((one) => [one.barcode ?? one.name, one.device, one.position, lidOf(one)])), ''],
    ...findings.map(({ detail }) => `not restored: ${detail}`),
    applied ? `restored to revision ${restored_to}; the lab is at revision ${revision}` : `this is only a plan of a restore to revision ${restored_to}`
  ]
}

function changesOf ({ applied, changes, revision, warnings }: LabConfigResult): string[] {
  const changing = changes.filter(({ action }) => action !== 'unchanged')
  const rest = formatCount(changes.length - changing.length, 'device')
  const rows = changing.map(({ action, device, group, capacity, changed }) => [action, device, group, capacity.from, capacity.to, changed.join(', ') || '-'])
  return [
    ...tableOr('no changes', ['action', 'device', 'group', 'slots before', 'after', 'also changed'], rows), '',
    `${rest} unchanged; ${applied ? `applied, the lab is at revision ${revision}` : 'this is only a plan'}`,
    ...warnings.map(({ code, detail, pointer }) => `warning ${code}${pointer === undefined ? '' : ` at ${pointer}`}: ${detail}`)
  ]
}

function linesOf ({ revision, totals, devices }: LabState, missing: readonly Container[]): string[] {
  const share = totals.utilization === null ? '' : ` (${Math.round(totals.utilization * 100)} %)`
  const containers = devices.flatMap(({ name, containers }) => containers.map((one) => [one.barcode ?? one.name, name, one.position, lidOf(one)]))
  const ofMissing = missing.map((one) => [one.barcode ?? one.name, 'missing', null, lidOf(one)])
  return [
    `revision ${revision}: ${formatCount(totals.devices, 'device')}, ${totals.occupied} of ${formatCount(totals.positions, 'slot')} occupied${share}, ` +
    `${formatCount(totals.containers, 'container')}${totals.containers_missing > 0 ? `, ${totals.containers_missing} of them missing` : ''}, ${totals.containers_removed} removed`, '',
    ...tableOr('no devices', ['group', 'device', 'slots', 'occupied'], devices.map(({ group, name, positions, occupied }) => [group, name, positions, occupied])), '',
    ...tableOr('no containers', ['container', 'device', 'slot', 'lid'], [...containers, ...ofMissing])
  ]
}

/** Where the lid of a container is: `on`, its place, or `none`. */
export function lidOf ({ lidded, lid }: { lidded: boolean, lid: { device: string, position: number } | null }): string {
  return lidded ? 'on' : lid === null ? 'none' : `${lid.device} ${lid.position}`
}
