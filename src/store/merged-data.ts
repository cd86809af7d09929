import { problem } from '../contract/problems.ts'
import type { StoredData } from './prepare-steps.ts'

type Data = Readonly<Record<string, unknown>>

// Only another request that changes the same step at the same moment makes a second repetition necessary.
const maxAttempts = 4

/**
 * Runs a command that logs steps. What is told at the end of a step is added to the data that was told at its start. The database then
 * answers with the stored data (`merge`), changes nothing, and the command runs again with it: the data of a step decide what it is
 * compared with, and this is computed here (domain/match.ts).
 */
export async function withMergedData<T> (
  run: (stored: StoredData | undefined) => Promise<{ done: T } | { merge: readonly (readonly [string, Data])[] }>
): Promise<T> {
  let stored: StoredData | undefined
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const outcome = await run(stored)
    if ('done' in outcome) return outcome.done
    stored = new Map([...stored ?? [], ...outcome.merge])
  }
  throw problem('database-unavailable', 'The step was changed by other requests at the same time. Nothing was changed. Retry the request.')
}
