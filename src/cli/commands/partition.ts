import { type Command, InvalidArgumentError } from 'commander'
import { readConfig } from '../../config.ts'
import { type Partition, partitionHistory } from '../../store/partitions/partition-history.ts'
import { configuredDatabaseHelp, withDatabase } from '../database.ts'
import { type CommandIo, formatBytes, printResult, tableOr } from '../io.ts'

type PartitionCommandOptions = { since?: number, until?: number, dryRun?: boolean, json?: boolean }

export function partitionCommand (program: Command, io: CommandIo): void {
  program.command('partition')
    .description('Divide the history into partitions, or prepare those of the next years; for histories of tens of millions of steps')
    .option('--since <year>', 'a partition for each year from this one on; copies all steps (default: this year and all before it share one, and nothing is copied)', parseYear)
    .option('--until <year>', 'prepare partitions up to this year (default: in five years)', parseYear)
    .option('--dry-run', 'show what would be there, and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', configuredDatabaseHelp +
    'The tables are locked meanwhile, and requests wait. Run it once a year; docs/guides/scale.md says when it is worth it, and what it costs.')
    .action(async ({ since, until, dryRun, ...options }: PartitionCommandOptions) => {
      const config = readConfig(io.env)
      const partitions = await withDatabase(config, { alone: false }, (url) => partitionHistory(url, { since, until, dryRun: dryRun === true }))
      printResult(io, options, { dry_run: dryRun === true, partitions }, () => linesOf(partitions, dryRun === true))
    })
}

function linesOf (partitions: readonly Partition[], dryRun: boolean): string[] {
  const made = partitions.filter(({ is_new }) => is_new).length
  const sentence = made === 0 ? 'Every partition was there already.' : `${made} partitions ${dryRun ? 'would be' : 'were'} made${dryRun ? '; nothing has changed' : ''}.`
  return [sentence, '', ...tableOr('', ['table', 'partition', 'holds', 'rows', 'size', 'state'],
    partitions.map(({ table, name, holds, rows, bytes, is_new }) => [table, name, holds.replace('FOR VALUES FROM ', '').replace(' TO ', ' .. '), rows, formatBytes(bytes), is_new ? 'new' : 'there']))]
}

function parseYear (value: string): number {
  const year = Number(value)
  if (!/^\d{4}$/.test(value) || year < 1970) throw new InvalidArgumentError('A year is four digits, from 1970 on.')
  return year
}
