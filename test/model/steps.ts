// A model of steps that run, stand and end, written from the contract. Times are minutes after `origin`. Commands return 'ok' or a
// problem code, and change the steps only if it is 'ok'.

const origin = Date.parse('2026-03-02T09:00:00Z')
/** A time of the model as the API has it. */
export const timeOf = (minutes: number) => new Date(origin + minutes * 60_000).toISOString()

/** `to` is null while a pause lasts, `finish` while the step has not ended. `told` is the finish that was told, which may be before the start. */
export type ModelStep = { start: number, finish: number | null, told?: number, pauses: { from: number, to: number | null }[] }
export type ModelSteps = Map<string, ModelStep>

const isPaused = ({ pauses }: ModelStep): boolean => pauses.length > 0 && pauses.at(-1)!.to === null

export function pause (steps: ModelSteps, id: string, at: number): string {
  const step = steps.get(id)
  if (step === undefined) return 'step-not-found'
  if (step.finish !== null) return 'illegal-transition'
  if (!isPaused(step)) step.pauses.push({ from: Math.max(at, step.start, step.pauses.at(-1)?.to ?? step.start), to: null })
  return 'ok'
}

export function resume (steps: ModelSteps, id: string, at: number): string {
  const step = steps.get(id)
  if (step === undefined) return 'step-not-found'
  if (step.finish !== null) return 'illegal-transition'
  if (isPaused(step)) step.pauses.at(-1)!.to = Math.max(at, step.pauses.at(-1)!.from)
  return 'ok'
}

export function finish (steps: ModelSteps, id: string, at: number): string {
  const step = steps.get(id)
  if (step === undefined) return 'step-not-found'
  // told again with the same finish
  if (step.finish !== null) return step.told === at ? 'ok' : 'step-ended'
  step.told = at
  step.finish = Math.max(at, step.start)
  if (isPaused(step)) step.pauses.at(-1)!.to = Math.max(step.finish, step.pauses.at(-1)!.from)
  return 'ok'
}

/** The steps as the API shows them, by id. */
export function shown (steps: ModelSteps): object[] {
  return [...steps].map(([id, step]) => {
    const { start, finish, pauses } = step
    const stood = pauses.reduce((sum, { from, to }) => sum + (to === null ? 0 : Math.max(0, Math.min(to, finish ?? to) - from)), 0)
    return {
      id, status: finish !== null ? 'completed' : isPaused(step) ? 'paused' : 'running', paused_at: isPaused(step) ? timeOf(pauses.at(-1)!.from) : null,
      paused_seconds: stood * 60, active_seconds: finish === null ? null : (finish - start - stood) * 60
    }
  }).sort((a, b) => a.id < b.id ? -1 : 1)
}
