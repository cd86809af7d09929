import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import { invalid, problem } from '../contract/problems.ts'
import type { Step, StepCreate, StepFinish, StepPatch } from '../contract/steps.ts'
import { shortDigestOf } from '../domain/canonical.ts'
import { maxDataBytes } from '../domain/limits.ts'
import { matchInputs } from '../domain/match.ts'
import { isUnderWay, type StepStatusName, type StepTimes, type StepWarning, timesFault, toUtc } from '../domain/step-times.ts'
import { numberWarnings, writeExactly } from '../domain/whole-numbers.ts'
import { writtenBytes } from '../domain/written-size.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, withRetries } from './commands.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import type { Transaction } from './lab-lock.ts'
import { containerRefsOf, functionFault, prepareStep, statusWarnings, withComposedFunction } from './prepare-steps.ts'

type Data = Readonly<Record<string, unknown>>
type LockedStep = { kind: 'operation' | 'move', name: string | null, device: string, data: Data, start: Date, finish: Date | null, status: StepStatusName, created_as: string, ended_as: string | null, now: Date }
type Change = {
  members: {
    start?: string, finish?: string | null, status?: StepStatusName, is_simulation?: boolean, data?: Data, fct?: unknown, device?: string
    exclude_from_estimates?: boolean | null
  }
  containers?: ReturnType<typeof containerRefsOf>
  warnings: readonly StepWarning[]
}

/**
 * Ends a step that has not ended, as if its end were logged. A repetition with the same finish and the same facts adds containers that were not named yet.
 * Throws `step-ended` for anything else about a step that has ended.
 */
export async function finishStep (prisma: PrismaClient, id: string, ending: StepFinish, audit: AuditContext): Promise<Step> {
  return await withLockedStep(prisma, id, async (transaction, step) => {
    const told = toldEnding(id, step, ending)
    // Without a finish, each request says another one: the moment in which it came.
    const isRepeated = Boolean(ending.finish) && told.created_as === step.ended_as
    if (!isUnderWay(step.status) && !isRepeated) {
      const finish = step.finish?.toISOString() ?? null
      throw problem('step-ended', `The step is already ${step.status}${finish === null ? '' : ` (finish ${finish})`}. Use PATCH to correct it.`,
        { step: { id, status: step.status, finish } })
    }
    if (ending.data) {
      const data = { ...step.data, ...ending.data }
      if (data.fct !== step.data.fct) refuseFunction(data)
      refuseLargeData(data, step.data)
    }
    for (const member of ['origin', 'destination'] as const) {
      if (step.kind === 'operation' && ending[member]) throw invalid({ in: 'body', pointer: `/${member}`, detail: 'is only allowed for a move' })
    }
    const named = new Set([step.device, told.origin?.device, told.destination?.device])
    const devices = [...named].filter((name) => name !== undefined).map((name) => ({ id: uuidv7(), name }))
    const [ended] = await transaction.$queryRaw<Step[]>`
      WITH logged AS MATERIALIZED (SELECT step, record FROM log_steps(${writeExactly([told])}::jsonb, ${JSON.stringify(devices)}::jsonb, false)),
        recorded AS MATERIALIZED (SELECT record_logged_steps((SELECT record FROM logged), ${JSON.stringify(audit)}::jsonb))
      SELECT ${Prisma.raw(viewColumns('step', '(logged.step)'))} FROM logged CROSS JOIN recorded`
    return ended!
  })
}

/** The end of a step as log_steps takes it. Its digest is the same for the same facts. */
function toldEnding (id: string, step: LockedStep, ending: StepFinish) {
  const input: StepCreate = { ...ending, id, kind: step.kind, device: step.device, start: step.start.toISOString(), finish: null, status: ending.status ?? 'completed' }
  const finish = ending.finish ? toUtc(ending.finish) : step.now.toISOString()
  const [identity] = step.created_as.split(':')
  const prepared = prepareStep(input, new Map([[id.toLowerCase(), step]]))
  // Without what the step is: its start and its device may have been corrected since.
  const [, facts] = prepared.created_as.split(':')
  // Without a finish it is now, which says little about a step that began days before it was told.
  return { ...prepared, finish, finish_unknown: !ending.finish, created_as: `${identity}:${shortDigestOf([finish, facts])}` }
}

/** Corrects a step. Throws a 400 if the corrected step would contradict itself. */
export async function correctStep (prisma: PrismaClient, id: string, patch: Omit<StepPatch, 'reason'>, audit: AuditContext): Promise<Step> {
  return await withLockedStep(prisma, id, async (transaction, step) => {
    const { containers, start, finish, data, ...others } = patch
    const times = {
      ...start === undefined ? {} : { start: toUtc(start) },
      ...finish === undefined ? {} : { finish: finish === null ? null : toUtc(finish) },
      ...finish && isUnderWay(step.status) && patch.status === undefined ? { status: 'completed' as const } : {}
    }
    if (step.status === 'paused' && patch.status === 'running') {
      throw invalid({ in: 'body', pointer: '/status', detail: `must not be running, because the step is paused: use POST /api/steps/${id}/resume` })
    }
    const members = { ...others, ...data === undefined ? {} : { data: withComposedFunction(data) }, ...times }
    refuseContradiction({ start: step.start.toISOString(), finish: step.finish?.toISOString() ?? null, status: step.status, ...members }, patch)
    const change = { members, warnings: numberWarnings(patch.data, '/data'), ...containers === undefined ? {} : { containers: containerRefsOf(containers) } }
    return await write(transaction, id, step, change, 'step-corrected', audit)
  })
}

async function withLockedStep (prisma: PrismaClient, id: string, run: (transaction: Transaction, step: LockedStep) => Promise<Step>): Promise<Step> {
  return await withRetries(() => prisma.$transaction(async (transaction) => {
    const [step] = await transaction.$queryRaw<LockedStep[]>`
      SELECT s.kind, s.name, d.name AS device, s.data, s.start, s.finish, s.status, s.created_as, s.ended_as, clock_timestamp()::timestamptz(3) AS now
      FROM step s JOIN device d ON d.id = s.device_id WHERE s.id = ${id}::uuid FOR NO KEY UPDATE OF s`
    if (step === undefined) throw problem('step-not-found', 'No step has this id.', { parameter: 'id' })
    return await run(transaction, step)
  }))
}

async function write (transaction: Transaction, id: string, step: LockedStep, change: Change, kind: string, audit: AuditContext): Promise<Step> {
  const data = change.members.data ?? step.data
  if (data.fct !== step.data.fct) refuseFunction(data)
  if (change.members.data !== undefined) refuseLargeData(data, step.data)
  const input = {
    ...change,
    warnings: [...change.warnings, ...isDeepStrictEqual(data.reported_status, step.data.reported_status) ? [] : statusWarnings(data)],
    members: change.members.data === undefined ? change.members : { ...change.members, fct: data.fct ?? null },
    match: matchInputs({ kind: step.kind, name: step.name, data }),
    device_id: uuidv7()
  }
  const [changed] = await transaction.$queryRaw<Step[]>`
    SELECT ${Prisma.raw(viewColumns('step'))} FROM update_step(${id}::uuid, ${writeExactly(input)}::jsonb, ${kind}, ${JSON.stringify(audit)}::jsonb)`
  return changed!
}

function refuseContradiction (times: StepTimes, patch: Omit<StepPatch, 'reason'>): void {
  const fault = timesFault(times)
  if (fault === null) return
  // The pointer must name a member of the request. If the fault is in a stored member, it names the one that was sent.
  const member = patch[fault.member] === undefined ? (['finish', 'start', 'status'] as const).find((name) => patch[name] !== undefined) : fault.member
  throw invalid({ in: 'body', pointer: `/${member}`, detail: `contradicts the rest of the step: its ${fault.member} ${fault.detail}` })
}

// Called only if `fct` changes: a step with a function that an older release accepted must still be able to finish.
function refuseFunction (data: Data): void {
  const fct = functionFault(data)
  if (fct !== null) throw invalid({ in: 'body', pointer: '/data/fct', detail: fct })
}

// Called only if data is sent. Older releases counted numbers with their exponent: a step that they accepted must still be able to finish with its results.
function refuseLargeData (data: Data, before: Data): void {
  const bytes = writtenBytes(before) > maxDataBytes ? Buffer.byteLength(JSON.stringify(data)) : writtenBytes(data)
  if (bytes > maxDataBytes) {
    throw invalid({ in: 'body', pointer: '/data', detail: `must not make the step's data larger than ${maxDataBytes} bytes as JSON, in which numbers are written without an exponent` })
  }
}
