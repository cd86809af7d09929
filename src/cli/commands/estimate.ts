import type { Command } from 'commander'
import { addressOf, serviceClient } from '../client.ts'
import { usageError } from '../exit-codes.ts'
import { type CommandIo, printAnswer } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

type EstimateCommandOptions = ServiceOptions & { confidence?: string, from?: string, to?: string, statistic?: string }
type Answer = {
  duration_seconds: number | null, confidence: number, confidence_attained: number | null, method: string, level: string | null
  sample_size: number, median_seconds: number | null, warnings: { code: string, detail: string }[]
}

export function estimateCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('estimate'))
    .argument('<device>', 'the device that does it')
    .argument('[function]', 'what it does, as the log calls it (data.fct)')
    .argument('[member=value...]', 'the other members of data; what reads as JSON is JSON')
    .description('By when a step will be over')
    .option('--confidence <share>', 'how sure it must be, between 0 and 1 (0.95)')
    .option('--statistic <name>', 'upper_bound, max, mean or median (upper_bound)')
    .option('--from <place>', 'a move: where from, as device or device:slot')
    .option('--to <place>', 'a move: where to, as device or device:slot')
    .addHelpText('after', '\nExamples:\n  platform-status estimate Washer wash protocol="3x PBS" --confidence 0.8\n  platform-status estimate GenericArm --from Hotel1:3 --to Washer')
    .action(async (device: string, fct: string | undefined, members: string[], options: EstimateCommandOptions) => {
      const { confidence, statistic } = options
      const question = {
        step: { device, ...dataOf(fct, members), ...moveOf(options) },
        ...(confidence !== undefined && { confidence: parseConfidence(confidence) }), ...(statistic !== undefined && { statistic })
      }
      const answer = await serviceClient(io, addressOf(io.env, options.url)).ask<Answer>('POST', '/api/estimates', question)
      printAnswer(io, options, answer, () => linesOf(answer))
    })
}

function dataOf (fct: string | undefined, members: readonly string[]): object {
  const pairs = members.map((member) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(member) ?? []
    if (name === undefined) throw usageError(`"${member}" is no member=value.`)
    return [name, jsonOr(value!)]
  })
  return fct === undefined ? {} : { data: { fct, ...Object.fromEntries(pairs) as object } }
}

function jsonOr (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function moveOf ({ from, to }: EstimateCommandOptions): object {
  if (from === undefined && to === undefined) return {}
  if (from === undefined || to === undefined) throw usageError('A move needs both --from and --to.')
  return { kind: 'move', origin: placeOf(from), destination: placeOf(to) }
}

function placeOf (text: string): object {
  const [, device, slot] = /^(.*?)(?::(\d+))?$/s.exec(text)!
  return { device, ...(slot !== undefined && { position: Number(slot) }) }
}

/** The number of --confidence. The service checks its range. */
export function parseConfidence (text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw usageError(`--confidence must be a number, not "${text}".`)
  return value
}

function linesOf ({ duration_seconds, confidence, confidence_attained, method, level, sample_size, median_seconds, warnings }: Answer): string[] {
  if (duration_seconds === null) return ['nothing comparable was ever seen']
  const bound = method === 'rank' || method === 'substitute' || method === 'overhead'
  const attained = confidence_attained === null || confidence_attained >= confidence ? '' : `, of which the samples alone guarantee ${percent(confidence_attained)}`
  return [
    `${duration_seconds.toFixed(1)} s${bound ? ` with ${percent(confidence)} confidence${attained}` : ` (${method})`}`,
    `from ${sample_size} steps alike (${level}), half of which took ${median_seconds?.toFixed(1) ?? '-'} s or less; method ${method}`,
    ...warnings.map(({ detail }) => `note: ${detail}`)
  ]
}

function percent (share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}
