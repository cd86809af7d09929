import type { ImportContext } from './import-context.ts'
import type { OldDatabase } from './old-database.ts'
import { readOldSteps, type OldStep } from './old-tables.ts'
import { groupRows, type ImportedStep, planStep, type StepContext } from './plan-steps.ts'

const rowsAtOnce = 5000
const stepsAtOnce = 2000
/** Limit for the characters of parameters in one call, so that the call does not become too large for the database. */
const charactersAtOnce = 4_000_000

/** `read` counts rows; the others count steps. One step may have several rows, and invalid rows give no step. */
export type StepsResult = {
  read: number, added: number, known: number, extended: number, simulated: number, first_start: string | null, last_finish: string | null
}

/** Imports the steps in batches, so memory use does not depend on the size of the history. */
export async function importSteps (
  source: OldDatabase, total: number, target: ImportContext, context: StepContext & { dry_run: boolean }
): Promise<StepsResult> {
  const result: StepsResult = { read: 0, added: 0, known: 0, extended: 0, simulated: 0, first_start: null, last_finish: null }
  const progress = target.startProgress('steps', total)
  let batch: ImportedStep[] = []
  let rows = 0
  let characters = 0

  // The next batch is prepared while the database stores this one.
  let sent: Promise<void> = Promise.resolve()

  async function send (): Promise<void> {
    await sent
    target.signal.throwIfAborted()
    const [steps, read] = [batch, rows]
    sent = sendBatch(steps, target, context.dry_run, result).then(() => progress.step(read))
    // `sent` is awaited later. Without this, an earlier failure would be an unhandled rejection.
    sent.catch(() => {})
    batch = []
    rows = 0
    characters = 0
  }

  for await (const groups of groupRows(readOldSteps(source, rowsAtOnce))) {
    for (const group of groups) {
      count(group, result)
      const step = planStep(group, context)
      if (step !== null) batch.push(step)
      rows += group.length
      characters += group[0]!.parameters.length
      if (batch.length >= stepsAtOnce || characters >= charactersAtOnce) await send()
    }
  }
  await send()
  await sent
  progress.done()
  return result
}

async function sendBatch (batch: readonly ImportedStep[], { store, audit }: ImportContext, dryRun: boolean, result: StepsResult): Promise<void> {
  for (const { start, finish } of batch) {
    if (result.first_start === null || start < result.first_start) result.first_start = start
    if (finish && (result.last_finish === null || finish > result.last_finish)) result.last_finish = finish
  }
  if (batch.length === 0) return
  if (dryRun || store === null) {
    const known = store === null ? 0 : await store.knownSteps(batch.map(({ id }) => id))
    result.known += known
    result.added += batch.length - known
    return
  }
  const { logged, extended, repeated } = await store.addSteps(batch, audit)
  result.added += logged
  result.known += extended + repeated
  result.extended += extended
}

function count (group: readonly OldStep[], result: StepsResult): void {
  result.read += group.length
  result.simulated += group.filter(({ is_simulation }) => is_simulation).length
}
