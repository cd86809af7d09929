import Type, { type Static } from 'typebox'
import { optional, reasonText, TimestampIn } from './common.ts'

/** The beginning or the end of a pause of a step or an experiment. */
export const Pause = Type.Object({
  at: optional(TimestampIn, 'When it was paused, or went on. The default is now, by the clock of the service.'),
  reason: optional(reasonText('Why. The history keeps the reason.', 'The gripper lost its plate.'))
}, {
  $id: 'Pause', additionalProperties: false, description: 'When something was paused or went on, and why. Both members are optional.',
  examples: [{ at: '2026-03-06T17:05:00Z', reason: 'The gripper lost its plate.' }, {}]
})
export type Pause = Static<typeof Pause>

/** A pause that was over when it was told. */
export const PastPause = Type.Object({
  paused_at: TimestampIn,
  resumed_at: TimestampIn
}, {
  $id: 'PastPause', additionalProperties: false, description: 'A pause of a step that is over: when it began and when the step went on.',
  examples: [{ paused_at: '2026-03-06T17:05:00Z', resumed_at: '2026-03-09T08:10:00Z' }]
})
export type PastPause = Static<typeof PastPause>

export const PauseQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Whether to only return what it would be, or the refusal, without changing anything.' }))
}, { additionalProperties: false })

export const pauseSchemas = [Pause, PastPause]
