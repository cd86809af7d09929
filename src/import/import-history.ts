import { collectConflicts, type Conflict, type Conflicts } from './conflicts.ts'
import { idOfRow } from './ids.ts'
import type { ImportOptions, ImportCount, ImportContext } from './import-context.ts'
import { importExperiments } from './import-experiments.ts'
import { importSteps, type StepsResult } from './import-steps.ts'
import type { OldDatabase } from './old-database.ts'
import { type OldLab, readOldLab } from './old-tables.ts'
import { oldZone } from './old-times.ts'
import { nameDevices, type OldDevices } from './plan-devices.ts'
import { planExperiments } from './plan-experiments.ts'
import { lookupFor, emptyLab, planTrackedLab, type TrackedLabPlan } from './plan-lab.ts'

const containersAtOnce = 1000
/** Nothing logged for so long: the experiment is over. */
const quietMs = 24 * 3_600_000
const experimentsAtOnce = 100

export type ImportResult = {
  counts: { devices: ImportCount, certificates: ImportCount, containers: ImportCount, processes: ImportCount, experiments: ImportCount, steps: ImportCount }
  /** Of the containers that are new here, those on the platform. */
  on_platform: number
  /** Of the step rows, those of moves. */
  moves: number
  /** Known steps that now name a container more. */
  steps_extended: number
  experiments_completed: number
  first_start: string | null
  last_finish: string | null
  conflicts: Conflict[]
}

/**
 * Brings the history of an old database into the lab's. A dry run reads both and writes nothing. What is known from an
 * earlier import stays as it is, so that an import that was cut short can be run again.
 */
export async function importHistory (source: OldDatabase, target: ImportContext, options: ImportOptions): Promise<ImportResult> {
  const conflicts = collectConflicts()
  const old = await readOldLab(source)
  const devices = nameDevices(old, conflicts)
  const world = await importLab(old, devices, target, options)
  conflicts.addAll(world.conflicts)
  const runs = planExperiments(old, conflicts)
  const { processes, experiments } = await importExperiments(runs, target, options, conflicts)
  const steps = await importSteps(source, old.steps, target, {
    ...options, identity: old.identity, devices: devices.names, places: devices.places, conflicts,
    containers: new Map(old.containers.map(({ id }) => [id, idOfRow(old.identity, 'container', id)])), experiments: runs.experiment_ids
  })
  noteGeneralConflicts(old, steps, options, conflicts)
  const completed = await completeOldExperiments(runs.experiments.map(({ id }) => id), target, options)

  const certificates = old.devices.filter(({ certificate }) => certificate).length
  const names = new Set(devices.names.values()).size
  return {
    counts: {
      devices: { read: old.devices.length, added: world.added_devices, known: names - world.added_devices },
      certificates: { read: certificates, added: world.certificates.length, known: 0 },
      containers: { read: old.containers.length, added: world.containers.length + world.removed.length, known: world.known_containers },
      processes,
      experiments,
      steps: { read: steps.read, added: steps.added, known: steps.known }
    },
    on_platform: world.containers.length,
    moves: old.moves,
    steps_extended: steps.extended,
    experiments_completed: completed,
    first_start: steps.first_start,
    last_finish: steps.last_finish,
    conflicts: conflicts.list()
  }
}

async function importLab (old: OldLab, devices: OldDevices, { store, audit, tell }: ImportContext, { dry_run }: ImportOptions): Promise<TrackedLabPlan> {
  const asked = lookupFor(old, devices)
  if (dry_run || store === null) return planTrackedLab(old, devices, store === null ? emptyLab : await store.read(asked))
  const planned = await store.changeWorld(asked, (tracked) => planTrackedLab(old, devices, tracked), audit)
  const progress = tell('removed containers', planned.removed.length)
  for (const some of chunks(planned.removed, containersAtOnce)) {
    await store.addContainers(some, audit)
    progress.step(some.length)
  }
  progress.done()
  return planned
}

/** Experiments that are over are said to be, and the planner is told what is there. */
async function completeOldExperiments (experiments: readonly string[], { store, audit }: ImportContext, { dry_run }: ImportOptions): Promise<number> {
  if (dry_run || store === null) return 0
  let completed = 0
  for (const some of chunks(experiments, experimentsAtOnce)) completed += await store.completeExperiments(some, new Date(Date.now() - quietMs), audit)
  await store.analyze()
  return completed
}

function noteGeneralConflicts (old: OldLab, steps: StepsResult, { timezone, keep_simulation }: ImportOptions, conflicts: Conflicts): void {
  const simulated = `${steps.simulated} of ${steps.read} steps are marked`
  if (!keep_simulation) conflicts.add('simulation-flag', steps.simulated === steps.read ? simulated : `${simulated}: here the mark may mean something`, steps.simulated)
  conflicts.add('step-status-unknown', 'all steps', steps.read)
  conflicts.add('local-times', timezone === oldZone ? 'all steps' : `all steps, moved to ${timezone}`, steps.read)
  conflicts.add('orphan-move', `${old.orphan_moves} rows of job_logs_movestep`, old.orphan_moves)
  conflicts.add('results', `${old.results} rows of job_logs_result`, old.results)
}

function chunks<T> (items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
}
