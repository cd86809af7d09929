import type { Place } from '../contract/common.ts'
import type { StepCreate } from '../contract/steps.ts'
import type { Conflicts } from './conflicts.ts'
import { idOfStep } from './ids.ts'
import { readParameters } from './old-parameters.ts'
import type { OldStep } from './old-tables.ts'
import { reinterpretIn, isAmbiguous, readOldTime } from './old-times.ts'

/** A step to log. Its `warnings` are stored with it. */
export type ImportedStep = StepCreate & { id: string, warnings: { code: string, detail: string, pointer: string }[] }

export type StepContext = {
  identity: string
  /** The maps are keyed by old row ids. */
  devices: ReadonlyMap<number, string>
  places: ReadonlyMap<number, Place>
  containers: ReadonlyMap<number, string>
  experiments: ReadonlyMap<number, string>
  /** The time zone of the orchestrator's clock. */
  timezone: string
  keep_simulation: boolean
  conflicts: Conflicts
}

const hour = 3_600_000

/** Groups the rows that report the same step, once per container. The rows must have the order of readOldSteps. */
export async function * groupRows (pieces: AsyncIterable<OldStep[]>): AsyncGenerator<OldStep[][]> {
  let groups = new Map<string, OldStep[]>()
  let at: OldStep | null = null
  for await (const piece of pieces) {
    const done: OldStep[][] = []
    for (const row of piece) {
      if (at === null || at.start !== row.start || at.finish !== row.finish || at.device !== row.device || at.experiment !== row.experiment) {
        done.push(...groups.values())
        groups = new Map()
        at = row
      }
      const facts = JSON.stringify(factsOf(row))
      groups.set(facts, [...groups.get(facts) ?? [], row])
    }
    yield done
  }
  yield [...groups.values()]
}

/** The values that are equal in all rows of one step. */
function factsOf ({ start, finish, device, experiment, is_simulation, parameters, move }: OldStep): readonly unknown[] {
  return [start, finish, device, experiment, is_simulation, parameters, move]
}

/** The step for these rows; null if its times are invalid. */
export function planStep (rows: readonly OldStep[], context: StepContext): ImportedStep | null {
  const { conflicts } = context
  const row = rows[0]!
  const recorded = { start: readOldTime(row.start), finish: readOldTime(row.finish) }
  if (recorded.start === null || recorded.finish === null) {
    conflicts.add('time-unreadable', `step ${row.id}: ${row.start} to ${row.finish}`, rows.length)
    return null
  }
  const { data, settled } = readParameters(row.parameters)
  for (const kind of settled) conflicts.add(kind, `step ${row.id}: ${row.parameters}`)
  noteRepetitions(rows, conflicts)

  const experiment_id = experimentOf(row, context)
  return {
    id: idOfStep(context.identity, factsOf(row)),
    kind: row.move === null ? 'operation' : 'move',
    device: context.devices.get(row.device) ?? goneDevice(row, conflicts),
    data, experiment_id,
    ...row.move === null ? {} : endsOf(row, row.move, context),
    ...times(row, { start: recorded.start, finish: recorded.finish }, context),
    containers: [...new Set(rows.flatMap((each) => each.container === null ? [] : [containerOf(each, each.container, context)]))],
    is_simulation: context.keep_simulation && row.is_simulation
  }
}

function noteRepetitions (rows: readonly OldStep[], conflicts: Conflicts): void {
  const containers = new Set(rows.map(({ container }) => container)).size
  const example = `steps ${rows.slice(0, 5).map(({ id }) => id).join(', ')}`
  if (containers > 1) conflicts.add('reported-per-container', example, containers - 1)
  if (rows.length > containers) conflicts.add('step-twice', example, rows.length - containers)
}

function goneDevice ({ id, device }: OldStep, conflicts: Conflicts): string {
  conflicts.add('step-device-gone', `step ${id}, device ${device}`)
  return `device ${device} (gone)`
}

function experimentOf ({ id, experiment }: OldStep, { experiments, conflicts }: StepContext): string | null {
  if (experiment === null) return null
  const known = experiments.get(experiment)
  if (known !== undefined) return known
  conflicts.add('step-experiment-gone', `step ${id}, experiment ${experiment}`)
  return `experiment ${experiment} (gone)`
}

function containerOf ({ id }: OldStep, container: number, { containers, conflicts }: StepContext): string {
  const known = containers.get(container)
  if (known !== undefined) return known
  conflicts.add('step-container-gone', `step ${id}, container ${container}`)
  return `container ${container} (gone)`
}

function endsOf ({ id }: OldStep, move: NonNullable<OldStep['move']>, { places, conflicts }: StepContext) {
  const end = (position: number): { device: string, position?: number } => {
    const place = places.get(position)
    if (place === undefined) conflicts.add('move-place-gone', `step ${id}, slot ${position}`)
    return place ?? { device: `device of slot ${position} (gone)` }
  }
  if (move.origin === move.destination) conflicts.add('origin-is-destination', `step ${id}`)
  const { lidded_before, lidded_after, barcode_read } = move
  const isConstant = lidded_before && lidded_after && !barcode_read
  if (isConstant) conflicts.add('constant-move-flags', `step ${id}`)
  return { origin: end(move.origin), destination: end(move.destination), ...(isConstant ? {} : { lidded_before, lidded_after, barcode_read }) }
}

function times (row: OldStep, recorded: { start: number, finish: number }, { timezone, conflicts }: StepContext) {
  const isHourLate = recorded.finish < recorded.start && isAmbiguous(recorded.start) && recorded.finish >= recorded.start - hour
  const start = isHourLate ? recorded.start - hour : recorded.start
  if (isAmbiguous(recorded.finish) && recorded.start < recorded.finish && !isAmbiguous(recorded.start) && recorded.finish - recorded.start >= hour) conflicts.add('clock-change', `step ${row.id}: ${row.start} to ${row.finish}`)
  if (start !== recorded.start) conflicts.add('clock-change', `step ${row.id}: ${row.start} to ${row.finish}`)
  const from = new Date(reinterpretIn(timezone, start)).toISOString()
  if (recorded.finish < start) {
    conflicts.add('finish-before-start', `step ${row.id}: ${row.start} to ${row.finish}`)
    return {
      start: from, finish: from, status: 'failed' as const,
      warnings: [{ code: 'finish-before-start', detail: `In the old database, the step finished at ${row.finish} UTC, before it started.`, pointer: '/finish' }]
    }
  }
  return { start: from, finish: new Date(reinterpretIn(timezone, recorded.finish)).toISOString(), status: 'completed' as const, warnings: [] }
}
