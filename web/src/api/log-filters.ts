import type { EventKind } from './generated/schema.d.ts'

/** What an event of the log can be chosen by. */
export type LogFilters = {
  actor?: string, kind?: EventKind, device?: string, container?: string, step?: string, experiment?: string, recorded_after?: string, recorded_before?: string
}
