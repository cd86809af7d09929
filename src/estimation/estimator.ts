import type { Database } from '../store/database.ts'
import { matchInputs } from '../domain/match.ts'
import { invalid } from '../problems.ts'
import type { PlannedStep } from '../routes/estimates/schemas.ts'
import { type Estimate, estimate, type Statistic } from './estimate.ts'
import { type History, type Question, readHistories } from './history.sql.ts'
import { samplesFor, windowFor } from './model.ts'
import { type Total, totalOf } from './total.ts'

type Asked = { confidence?: number | null, statistic?: Statistic | null, total?: boolean | null }
type Asking = { question: Question, commanded: number | null }

export type Estimator = ReturnType<typeof openEstimator>

const usualConfidence = 0.95
// The documented maximum is of "all history"; this is all that an answer ever looks at.
const widestWindow = 2000

/** The service that answers how long steps will take, from the history in the database. */
export function openEstimator ({ pool }: Database) {
  async function answer (askings: readonly Asking[], { confidence: asked, statistic: wanted }: Asked) {
    const confidence = asked ?? usualConfidence
    const statistic = wanted ?? 'upper_bound'
    const most = statistic === 'max' ? widestWindow : windowFor(confidence)
    const enough = statistic === 'upper_bound' ? samplesFor(confidence) : 0

    // equal questions are asked once
    const places = new Map<string, number>()
    const place = askings.map(({ question }) => {
      const key = JSON.stringify(question)
      if (!places.has(key)) places.set(key, places.size)
      return places.get(key)!
    })
    const histories = await readHistories(pool, [...places.keys()].map((key) => JSON.parse(key) as Question), { most, enough })
    return askings.map(({ question: { kind }, commanded }, index) => {
      const history: History | null = histories[place[index]!]!
      return { history, commanded, estimate: estimate(history, { kind, commanded, confidence, statistic }) }
    })
  }

  return {
    /** One step. Durations in seconds; refuses a move without both ends. */
    async estimateStep (step: PlannedStep, asked: Asked): Promise<Estimate> {
      const [answered] = await answer([asking(step, '/step')], asked)
      return answered!.estimate
    },

    /** Many steps in one statement, in order; with `total` also the distribution of their sum. */
    async estimateSteps (steps: readonly PlannedStep[], asked: Asked): Promise<{ estimates: Estimate[], total?: Total }> {
      const answered = await answer(steps.map((step, index) => asking(step, `/steps/${index}`)), asked)
      const estimates = answered.map(({ estimate }) => estimate)
      if (asked.total !== true) return { estimates }
      return { estimates, total: totalOf(answered, asked.confidence ?? usualConfidence) }
    }
  }
}

function asking (step: PlannedStep, pointer: string): Asking {
  const kind = step.kind ?? 'operation'
  const { origin, destination } = step
  for (const [member, end] of [['origin', origin], ['destination', destination]] as const) {
    if (kind === 'move' && !end) throw invalid({ in: 'body', pointer: `${pointer}/${member}`, detail: 'is required for a move: say at least its device' })
    if (kind === 'operation' && end) throw invalid({ in: 'body', pointer: `${pointer}/${member}`, detail: 'is only for a move; set `kind` to move' })
  }
  const { commanded_seconds, match_function, match_parameters, match_protocol } = matchInputs({ kind, name: step.name ?? null, data: step.data ?? {} })
  return {
    commanded: commanded_seconds,
    question: {
      kind,
      match_function,
      match_parameters,
      match_protocol,
      device: step.device,
      origin_device: origin?.device ?? null,
      origin_position: origin?.position ?? null,
      destination_device: destination?.device ?? null,
      destination_position: destination?.position ?? null,
      lidded_before: step.lidded_before ?? null,
      lidded_after: step.lidded_after ?? null,
      barcode_read: step.barcode_read ?? null
    }
  }
}
