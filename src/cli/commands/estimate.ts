import type { Command } from 'commander'
import type { Estimate } from '../../contract/estimates.ts'
import { readExactly } from '../../domain/whole-numbers.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { addressOf, serviceClient } from '../client.ts'
import { usageError } from '../exit-codes.ts'
import { type CommandIo, printResult } from '../io.ts'
import { parsePlace } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type EstimateCommandOptions = ServiceOptions & { confidence?: string, from?: string, to?: string, statistic?: string }

export function estimateCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('estimate'))
    .argument('<device>', 'device that does the step')
    .argument('[function]', 'function of the step (data.fct)')
    .argument('[member=value...]', 'other members of data; values that are valid JSON are parsed')
    .description('Estimate how long a step will take')
    .option('--confidence <share>', 'confidence of the bound, between 0 and 1 (default: 0.95)')
    .option('--statistic <name>', 'upper_bound, max, mean or median (default: upper_bound)')
    .option('--from <place>', 'origin of a move: device or device:position')
    .option('--to <place>', 'destination of a move: device or device:position')
    .addHelpText('after', '\nExamples:\n  platform-status estimate Washer wash protocol="3x PBS" --confidence 0.8\n  platform-status estimate GenericArm --from Hotel1:3 --to Washer')
    .action(async (device: string, fct: string | undefined, members: string[], options: EstimateCommandOptions) => {
      const { confidence, statistic } = options
      const body = {
        step: { device, ...dataOf(fct, members), ...moveOf(options) },
        ...(confidence !== undefined && { confidence: parseConfidence(confidence) }), ...(statistic !== undefined && { statistic })
      }
      const estimate = await serviceClient(io, addressOf(io.env, options.url)).request<Estimate>('POST', '/api/estimates', body)
      printResult(io, options, estimate, () => linesOf(estimate))
    })
}

function dataOf (fct: string | undefined, members: readonly string[]): object {
  const pairs = members.map((member) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(member) ?? []
    if (name === undefined) throw usageError(`"${member}" must have the form member=value.`)
    return [name, jsonOr(value!)]
  })
  return fct === undefined ? {} : { data: { fct, ...Object.fromEntries(pairs) as object } }
}

function jsonOr (text: string): unknown {
  try {
    return readExactly(text, JSON.parse(text))
  } catch {
    return text
  }
}

function moveOf ({ from, to }: EstimateCommandOptions): object {
  if (from === undefined && to === undefined) return {}
  if (from === undefined || to === undefined) throw usageError('A move needs both --from and --to.')
  return { kind: 'move', origin: parsePlace(from), destination: parsePlace(to) }
}

/** The number of --confidence. The service checks its range. */
export function parseConfidence (text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw usageError(`--confidence must be a number, not "${text}".`)
  return value
}

function linesOf ({ duration_seconds, confidence, confidence_attained, method, level, sample_size, median_seconds, warnings }: Estimate): string[] {
  if (duration_seconds === null) return ['no comparable steps']
  const isBound = method === 'rank' || method === 'substitute' || method === 'overhead'
  const attained = confidence_attained === null || confidence_attained >= confidence ? '' : `; the samples alone guarantee ${percent(confidence_attained)}`
  return [
    `${duration_seconds.toFixed(1)} s${isBound ? ` with ${percent(confidence)} confidence${attained}` : ` (${method})`}`,
    `${sample_size} comparable steps (level ${level}), median ${median_seconds?.toFixed(1) ?? '-'} s, method ${method}`,
    ...warnings.map(({ detail }) => `note: ${safeText(detail)}`)
  ]
}

function percent (share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}
