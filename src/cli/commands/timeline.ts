import type { Command } from 'commander'
import type { ExperimentTimeline, TimelineItem } from '../../contract/timelines.ts'
import { localZone, type TimeColumn, timesIn } from '../../terminal/local-time.ts'
import { addressOf, segment, serviceClient } from '../client.ts'
import { usageError } from '../exit-codes.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { containersOf, whatOf } from './steps.ts'

type TimelineOptions = ServiceOptions & { confidence: string }

export function timelineCommand (program: Command, io: CommandIo): void {
  withServiceOptions(program.command('timeline')).argument('<experiment>', 'id of the experiment, as `find` prints it')
    .description('Compare the steps of an experiment with what was predicted when it began, and say when it ends')
    .option('--confidence <number>', 'of the bounds, between 0 and 1', '0.95')
    .action(async (id: string, options: TimelineOptions) => {
      const confidence = Number(options.confidence)
      if (Number.isNaN(confidence)) throw usageError(`--confidence must be a number, not "${options.confidence}".`)
      const path = `/api/experiments/${segment(id)}/timeline?confidence=${confidence}`
      const timeline = await serviceClient(io, addressOf(io.env, options.url)).request<ExperimentTimeline>('GET', path)
      printResult(io, options, timeline, () => linesOf(timeline, confidence, localZone(io.env)))
    })
}

function linesOf (timeline: ExperimentTimeline, confidence: number, zone: string): string[] {
  const times = timesIn(zone)
  const head = [times.head('start'), 'device', 'what', 'status', 'seconds', 'median', 'bound', 'waited', 'containers']
  return [
    sentenceOf(timeline, confidence, times, zone), '', ...tableOr('no steps', head, timeline.items.map((item) => rowOf(item, times))),
    ...timeline.truncated ? ['', 'There are older steps.'] : []
  ]
}

/** How the experiment goes, in one line. */
function sentenceOf (timeline: ExperimentTimeline, confidence: number, times: TimeColumn, zone: string): string {
  const { status, began_at, expected_finish, bound_finish, items } = timeline
  const at = (time: string | Date): string => `${times.cell(time)}${zone === 'UTC' ? '' : ` (${zone})`}`
  const isOver = status === 'completed' || status === 'aborted'
  const ended = isOver ? items.flatMap(({ step }) => step.finish ?? []).map(String).sort().at(-1) : undefined
  const began = began_at === null ? '' : isOver ? `; it began at ${at(began_at)}${ended === undefined ? '' : ` and ended at ${at(ended)}`}` : ` since ${at(began_at)}`
  if (expected_finish === null) return `${status}${began}; nothing is known of when it ${isOver ? 'should have ended' : 'ends'}`
  const bound = bound_finish === null ? '' : `, and with ${Math.round(confidence * 1000) / 10} % confidence by ${at(bound_finish)}`
  return `${status}${began}; it should ${isOver ? 'have ended' : 'end'} at ${at(expected_finish)}${bound}`
}

function rowOf ({ step, predicted, waited_seconds }: TimelineItem, times: TimeColumn): (string | null)[] {
  const seconds = (value: number | null | undefined): string | null => value == null ? null : value.toFixed(1)
  return [
    times.cell(step.start), step.device, whatOf(step), step.status, seconds(step.active_seconds),
    seconds(predicted?.median_seconds), seconds(predicted?.bound_seconds), seconds(waited_seconds), containersOf(step)
  ]
}
