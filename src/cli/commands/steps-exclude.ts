import type { Command } from 'commander'
import type { StepExclusionResult } from '../../contract/step-exclusions.ts'
import { addressOf, serviceClient } from '../client.ts'
import { usageError } from '../exit-codes.ts'
import { type CommandIo, formatCount, printResult, tableOr } from '../io.ts'
import { timeOf } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type ExcludeOptions = ServiceOptions & { where: string[], reason?: string, include?: boolean, undo?: boolean, dryRun?: boolean }

const examples = `
Examples:
  platform-status steps exclude --where excluded_from_estimates=clock --dry-run
  platform-status steps exclude --where device=Washer --where started_before=2026-05-01T00:00:00Z --reason "the clock was wrong"
  platform-status steps exclude --where doubtful=true --reason "from before the upgrade"
  platform-status steps exclude --include --where excluded_from_estimates=implausible --where device=Store --reason "it does take weeks"`

/** Adds `exclude` to the command `steps`, and that command if there is none yet. */
export function stepsExcludeCommand (program: Command, io: CommandIo): void {
  const steps = program.commands.find((command) => command.name() === 'steps') ?? program.command('steps').description('Decide about logged steps')
  withServiceOptions(steps.command('exclude'))
    .description('Decide which logged steps estimates leave out; look with --dry-run first')
    .option('--where <member=value...>', `which steps: a filter of GET /api/steps, or ${moreFilters}; several must all match; a time without an offset is local`, collect, [])
    .option('--reason <text>', 'why; kept in the history of each step')
    .option('--include', 'use them instead: their times and their status are true')
    .option('--undo', 'take earlier decisions back')
    .option('--dry-run', 'only show which steps match')
    .addHelpText('after', examples)
    .action(async (_own: ExcludeOptions, command: Command) => {
      // commander gives options that `steps` has as well, such as --json, to `steps`
      const options = command.optsWithGlobals<ExcludeOptions>()
      const dryRun = options.dryRun === true
      if (options.where.length === 0) throw usageError('--where is required: which steps, for example --where excluded_from_estimates=clock.')
      if (options.include === true && options.undo === true) throw usageError('Use --include or --undo, not both.')
      if (options.reason === undefined && !dryRun) throw usageError('--reason is required: the history of each step keeps it. Use --dry-run to look first.')
      const body = {
        where: whereOf(options.where),
        decision: options.include === true ? 'include' : options.undo === true ? 'undecided' : 'exclude',
        reason: options.reason ?? 'only a look'
      }
      const result = await serviceClient(io, addressOf(io.env, options.url))
        .request<StepExclusionResult>('POST', `/api/steps/exclusions?dry_run=${String(dryRun)}`, body)
      printResult(io, options, result, () => linesOf(result))
    })
}

function collect (value: string, before: string[]): string[] {
  return [...before, value]
}

const moreFilters = 'finished_after, finished_before, longer_than, impossible_times, doubtful'
const flags = ['doubtful', 'impossible_times', 'is_simulation']
// Only these members are not text.
const readers: Readonly<Record<string, (text: string, option: string) => unknown>> = {
  longer_than: Number, ...Object.fromEntries(flags.map((flag) => [flag, (text: string) => text === 'true'])),
  started_after: timeOf, started_before: timeOf, finished_after: timeOf, finished_before: timeOf
}

function whereOf (filters: readonly string[]): object {
  return Object.fromEntries(filters.map((filter) => {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(filter) ?? []
    if (name === undefined) throw usageError(`"${filter}" must have the form member=value.`)
    if (flags.includes(name) && value !== 'true' && value !== 'false') throw usageError(`${name} must be true or false, not "${value}".`)
    if (name === 'longer_than' && !Number.isFinite(Number(value))) throw usageError(`longer_than must be a number of seconds, not "${value}".`)
    return [name, (readers[name] ?? String)(value!, name)]
  }))
}

function linesOf ({ applied, matched, changed, items }: StepExclusionResult): string[] {
  const rows = items.map(({ id, device, fct, start, active_seconds, excluded_from_estimates }) =>
    [id, device, fct, String(start), active_seconds, excluded_from_estimates])
  const more = matched > items.length ? [`... and ${matched - items.length} more`] : []
  return [
    ...tableOr('no step matches', ['step', 'device', 'function', 'start', 'seconds', applied ? 'excluded' : 'excluded now'], rows), ...more, '',
    applied ? `${formatCount(matched, 'step')} matched, ${changed} changed` : `${formatCount(matched, 'step')} would match, ${changed} would change; this is only a look`
  ]
}
