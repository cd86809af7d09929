import type { StepFilters } from '../contract/steps.ts'
import { toUtc } from '../domain/step-times.ts'
import { isUuid } from '../domain/values.ts'
import { parseContainerRef } from './container-ref.ts'
import { allOf } from './conditions.sql.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'

const noSteps = Prisma.sql`false`

/**
 * The SQL condition (on `step s`) of the filters. Names are resolved first, so that each condition compares an indexed column
 * with a constant. An unknown name matches no steps.
 */
export async function stepCondition (prisma: PrismaClient, filters: StepFilters): Promise<Prisma.Sql> {
  const { fct, kind, status, is_simulation, process_id, started_after, started_before, excluded_from_estimates } = filters
  return allOf([
    ...await namedConditions(prisma, filters),
    fct === undefined ? null : Prisma.sql`s.fct = ${fct}`,
    kind === undefined ? null : Prisma.sql`s.kind = ${kind}`,
    status === undefined ? null : Prisma.sql`s.status = ${status}`,
    is_simulation === undefined ? null : Prisma.sql`s.is_simulation = ${is_simulation}`,
    process_id === undefined ? null : Prisma.sql`s.experiment_id IN (SELECT id FROM experiment WHERE process_id = ${process_id}::uuid)`,
    started_after === undefined ? null : Prisma.sql`s.start >= ${toUtc(started_after)}::timestamptz`,
    started_before === undefined ? null : Prisma.sql`s.start < ${toUtc(started_before)}::timestamptz`,
    excluded_from_estimates === undefined ? null : Prisma.sql`s.excluded_from_estimates = ${excluded_from_estimates}`
  ])
}

async function namedConditions (prisma: PrismaClient, filters: StepFilters): Promise<(Prisma.Sql | null)[]> {
  const { device, origin_device, destination_device, container, experiment_id } = filters
  return await Promise.all([
    device === undefined ? null : deviceCondition(prisma, Prisma.sql`s.device_id`, device),
    origin_device === undefined ? null : deviceCondition(prisma, Prisma.sql`s.origin_device_id`, origin_device),
    destination_device === undefined ? null : deviceCondition(prisma, Prisma.sql`s.destination_device_id`, destination_device),
    container === undefined ? null : containerCondition(prisma, container),
    experiment_id === undefined ? null : experimentCondition(prisma, experiment_id)
  ])
}

// All devices that have the name now, or had it when they were retired. Unlisted devices are included.
async function deviceCondition (prisma: PrismaClient, column: Prisma.Sql, name: string): Promise<Prisma.Sql> {
  const devices = await prisma.device.findMany({ where: { name }, select: { id: true } })
  const ids = devices.map(({ id }) => id)
  if (ids.length === 0) return noSteps
  return ids.length === 1 ? Prisma.sql`${column} = ${ids[0]!}::uuid` : Prisma.sql`${column} = ANY (${ids}::uuid[])`
}

// A barcode that no container on the platform has means those that had it.
async function containerCondition (prisma: PrismaClient, container: string): Promise<Prisma.Sql> {
  const { id, barcode } = parseContainerRef(container)
  const found = id === null
    ? await prisma.$queryRaw<{ id: string }[]>`SELECT bearers_of AS id FROM bearers_of(${barcode})`
    : await prisma.container.findMany({ where: { id }, select: { id: true } })
  if (found.length === 0) return noSteps
  return Prisma.sql`s.id IN (SELECT step_id FROM container_of_step WHERE container_id = ANY (${found.map(({ id }) => id)}::uuid[]))`
}

// Steps of an unknown experiment are found by the name that was logged.
async function experimentCondition (prisma: PrismaClient, named: string): Promise<Prisma.Sql> {
  if (!isUuid(named)) return Prisma.sql`s.experiment_named = ${named}`
  const found = await prisma.experiment.findUnique({ where: { id: named }, select: { id: true } })
  return found === null ? Prisma.sql`s.experiment_named = ${named.toLowerCase()}` : Prisma.sql`s.experiment_id = ${found.id}::uuid`
}
