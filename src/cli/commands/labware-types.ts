import { type Command, InvalidArgumentError, Option } from 'commander'
import type { LabwareType, LabwareTypePut } from '../../contract/labware-types.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type PutOptions = ServiceOptions & { description?: string, deepWell?: boolean, height?: number, wells?: number, lid?: 'none' | 'optional' | 'always', dryRun?: boolean }

export function labwareTypesCommand (program: Command, io: CommandIo): void {
  const command = program.command('labware-types').description('List, show, add and delete labware types, which say where containers fit')
  const client = ({ url }: ServiceOptions) => serviceClient(io, addressOf(io.env, url))
  const dryRunOption = ['--dry-run', 'only show what would change'] as const

  withServiceOptions(command.command('list'))
    .description('List the labware types of the lab')
    .action(async (options: ServiceOptions) => {
      const types: LabwareType[] = []
      for await (const type of client(options).list<LabwareType>('/api/labware-types')) types.push(type)
      printResult(io, options, types, () => tableOr('no labware types', ['labware type', 'deep-well', 'height mm', 'wells', 'lid', 'description'], types.map(rowOf)))
    })

  withServiceOptions(command.command('show')).argument('<name>', 'name of the labware type')
    .description('Show a labware type')
    .action(async (name: string, options: ServiceOptions) => {
      const type = await client(options).request<LabwareType>('GET', `/api/labware-types/${segment(name)}`)
      printResult(io, options, type, () => linesOf(type))
    })

  withServiceOptions(command.command('put')).argument('<name>', 'name of the labware type, as containers have it')
    .description('Add or change a labware type; what is left out is not known')
    .option('--deep-well', 'its containers are deep-well plates')
    .option('--height <mm>', 'height of its containers in millimetres', numberOf)
    .option('--wells <count>', 'number of wells', numberOf)
    .addOption(new Option('--lid <when>', 'whether its containers have a lid').choices(['none', 'optional', 'always']))
    .option('--description <text>', 'a description for people')
    .option(...dryRunOption)
    .addHelpText('after', '\nExample:\n  platform-status labware-types put "Deep 96" --deep-well --height 44 --wells 96 --lid optional')
    .action(async (name: string, { description, deepWell, height, wells, lid, dryRun, ...options }: PutOptions) => {
      const body: LabwareTypePut = {
        description: description ?? null, deep_well: deepWell ?? false, height_mm: height ?? null, wells: wells ?? null, lid: lid ?? null
      }
      const type = await client(options).request<LabwareType>('PUT', `/api/labware-types/${segment(name)}?dry_run=${String(dryRun === true)}`, body)
      printResult(io, options, type, () => [...linesOf(type), ...planNote(dryRun)])
    })

  withServiceOptions(command.command('delete')).argument('<name>', 'name of the labware type')
    .description('Delete a labware type; its containers keep the name, and can go anywhere')
    .option(...dryRunOption)
    .action(async (name: string, { dryRun, ...options }: ServiceOptions & { dryRun?: boolean }) => {
      const type = await client(options).request<LabwareType>('DELETE', `/api/labware-types/${segment(name)}?dry_run=${String(dryRun === true)}`)
      printResult(io, options, type, () => [`${type.name} is deleted`, ...planNote(dryRun)])
    })
}

function planNote (dryRun: boolean | undefined): string[] {
  return dryRun === true ? ['this is only a plan'] : []
}

function rowOf ({ name, deep_well, height_mm, wells, lid, description }: LabwareType): (string | number | null)[] {
  return [name, deep_well ? 'yes' : 'no', height_mm, wells, lid, description]
}

function linesOf (type: LabwareType): string[] {
  return tableOr('', ['labware type', 'deep-well', 'height mm', 'wells', 'lid', 'description'], [rowOf(type)])
}

function numberOf (text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('It must be a number.')
  return number
}
