import { type Command, Option } from 'commander'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Calibration, type CalibrationGrouping, calibrationGroupings, type CalibrationScore } from '../../contract/estimates.ts'
import { writeAtomically } from '../../terminal/atomic-file.ts'
import { addressOf, serviceClient } from '../client.ts'
import { type CommandIo, formatCount, printResult, tableOr } from '../io.ts'
import { reliabilityChart } from '../reliability-chart.ts'
import { timeOf } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { parseConfidence } from './estimate.ts'

type CalibrateCommandOptions = ServiceOptions & {
  confidence: string, since?: string, limit?: string, groupBy: CalibrationGrouping, svg?: string, force?: boolean
}

/** The confidences at which the chart looks. */
const chartConfidences = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]

export function calibrateCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('calibrate'))
    .description('Check how often the estimates of past steps were kept')
    .option('--confidence <share>', 'the confidence that is checked, between 0 and 1', '0.95')
    .option('--since <time>', 'only steps that started at this time or later')
    .option('--limit <steps>', 'maximum number of steps to replay, newest first (default: 5000)')
    .addOption(new Option('--group-by <what>', 'how the second part of the table groups the steps').choices(calibrationGroupings).default('level'))
    .option('--svg <file>', 'also draw the reliability curve into this file')
    .option('--force', 'overwrite an existing file')
    .addHelpText('after', '\nExample:\n  platform-status calibrate --confidence 0.9 --group-by device --svg reliability.svg')
    .action(async (options: CalibrateCommandOptions) => {
      const { since, limit, groupBy, svg } = options
      const client = serviceClient(io, addressOf(io.env, options.url))
      const calibration = async (confidence: number, grouping: CalibrationGrouping) => {
        const query = new URLSearchParams({
          confidence: String(confidence), group_by: grouping, ...(since !== undefined && { since: timeOf(since, '--since')! }), ...(limit !== undefined && { limit })
        })
        return await client.request<Calibration>('GET', `/api/estimates/calibration?${query.toString()}`)
      }

      const confidence = parseConfidence(options.confidence)
      const result = await calibration(confidence, groupBy)
      const { groups: methods } = groupBy === 'method' ? result : await calibration(confidence, 'method')
      if (svg !== undefined) {
        const points = []
        for (const requested of chartConfidences) {
          const { overall } = await calibration(requested, 'method')
          if (overall.coverage !== null) points.push({ requested, attained: overall.coverage })
        }
        const chart = reliabilityChart({ confidence, steps: result.steps, points, methods })
        await writeAtomically(svg, { overwrite: options.force === true }, (sink) => pipeline(Readable.from([chart]), sink, { signal: io.signal }))
      }
      const written = svg === undefined ? [] : ['', `The reliability curve is in ${svg}.`]
      printResult(io, options, { ...result, methods }, () => [...linesOf(result, methods, groupBy), ...written])
    })
}

function linesOf ({ confidence, overall, truncated, groups }: Calibration, methods: readonly CalibrationScore[], groupBy: CalibrationGrouping): string[] {
  const parts = groupBy === 'method' ? { method: methods } : { method: methods, [groupBy]: groups }
  const rows = Object.entries(parts).flatMap(([by, scores]) => scores.map((score) => rowOf(by, score)))
  return [
    `${formatCount(overall.steps, 'step')} replayed at confidence ${confidence}${truncated ? '; older steps were not replayed (--limit)' : ''}`, '',
    ...tableOr('', ['by', 'group', 'steps', 'answered', 'coverage', 'excess s', 'pinball s'], [rowOf('all', overall), ...rows])
  ]
}

function rowOf (by: string, score: CalibrationScore): (string | number | null | undefined)[] {
  const { group, steps, answered, coverage, mean_excess_seconds, pinball_loss_seconds } = score
  return [by, group, steps, answered, coverage?.toFixed(3), mean_excess_seconds?.toFixed(2), pinball_loss_seconds?.toFixed(3)]
}
