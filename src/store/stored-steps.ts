import { problem } from '../contract/problems.ts'
import type { StoredParts } from './prepare-steps.ts'

// Only another request that changes the same step at the same moment makes a second repetition necessary.
const maxAttempts = 4

/** What a step that ends has by now. */
export type StoredStep = { id: string, name: string | null, data: Readonly<Record<string, unknown>> }

/**
 * Runs a command that logs steps. The end of a step keeps its name and adds to its data. When the end lacks a part of them, the database
 * answers with the stored step (`merge`), changes nothing, and the command runs again with it: name and data decide what a step is
 * compared with, and this is computed here (domain/match.ts).
 */
export async function withStoredSteps<T> (
  run: (stored: StoredParts | undefined) => Promise<{ done: T } | { merge: readonly StoredStep[] }>
): Promise<T> {
  let stored: StoredParts | undefined
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const outcome = await run(stored)
    if ('done' in outcome) return outcome.done
    stored = new Map([...stored ?? [], ...outcome.merge.map(({ id, name, data }) => [id, { name, data }] as const)])
  }
  throw problem('database-unavailable', 'The step was changed by other requests at the same time. Nothing was changed. Retry the request.')
}
