import type { Pause } from '../contract/pauses.ts'
import { toUtc } from '../domain/step-times.ts'
import type { AuditContext } from './commands.ts'

/** The arguments of the functions set_step_paused and set_experiment_paused. */
export function pauseValues (id: string, paused: boolean, { at, reason }: Pause, dryRun: boolean, audit: AuditContext): unknown[] {
  return [id, paused, at ? toUtc(at) : null, dryRun, reason ? { ...audit, reason } : audit]
}
