import type { Container, ContainerQuery } from '../contract/containers.ts'
import { allOf, isSet } from './conditions.sql.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { type PageRow, type JsonItem, type MemberKinds, selectAsJson, selectItemsAsJson, selectSnapshotAsJson } from './json-row.ts'
import { readRowsById } from './list-rows.sql.ts'
import type { PageQuery } from './pages.ts'

const members: MemberKinds<Omit<Container, 'warnings'>> = {
  id: 'value', name: 'value', barcode: 'value', device: 'value', position: 'value', starting_device: 'value', starting_position: 'value',
  lidded: 'value', lid: 'value', filled: 'value', content: 'value', labware_type: 'value', labware_uuid: 'value', is_reagent: 'value',
  removed_at: 'time', missing_since: 'time', last_device: 'value', last_position: 'value', created_at: 'time', updated_at: 'time', version: 'value'
}

/** A query for the JSON of containers. A clause like `WHERE object.id = $1` can follow. */
export const containersAsJson = selectAsJson(members, 'container_state')

/** A query for the JSON of the container that a command returns. The columns of `also` can use its `snapshot`. */
export function changedContainerAsJson (call: string, also: readonly string[] = []): string {
  return selectSnapshotAsJson(members, call, also)
}

const pageAsJson = selectItemsAsJson(members, 'container_state', ['id'])

/** A container of a list. */
export type ListedContainer = JsonItem<Container> & Pick<Container, 'id'>

type Filters = Omit<ContainerQuery, keyof PageQuery> & Required<Pick<ContainerQuery, 'removed' | 'missing'>>

/**
 * The SQL condition (on `container_state object`) of the filters. Barcodes of before are resolved first, so that each condition compares an
 * indexed column with constants.
 */
export async function containerCondition (prisma: PrismaClient, filters: Filters): Promise<Prisma.Sql> {
  const { barcode, former_barcode, name, device, lidded, labware_type, removed, missing } = filters
  return allOf([
    name === undefined ? null : Prisma.sql`object.name = ${name}`,
    device === undefined ? null : Prisma.sql`object.device = ${device}`,
    lidded === undefined ? null : Prisma.sql`object.lidded = ${lidded}`,
    labware_type === undefined ? null : Prisma.sql`object.labware_type = ${labware_type}`,
    isSet(Prisma.sql`object.removed_at`, removed),
    isSet(Prisma.sql`object.missing_since`, missing),
    former_barcode === undefined ? null : await formerCondition(prisma, former_barcode),
    barcode === undefined ? null : await labelCondition(prisma, barcode, removed)
  ])
}

/** The containers that had this barcode and have another one, or none, now. */
async function formerCondition (prisma: PrismaClient, barcode: string): Promise<Prisma.Sql> {
  const found = await prisma.$queryRaw<{ id: string }[]>`SELECT DISTINCT container_id AS id FROM label_event WHERE barcode = ${barcode}`
  if (found.length === 0) return Prisma.sql`false`
  return Prisma.sql`(object.id = ANY (${found.map(({ id }) => id)}::uuid[]) AND object.barcode IS DISTINCT FROM ${barcode})`
}

/** The containers that have a barcode, also removed ones. If no wanted one on the platform has it, a label of before leads to those that had it, too. */
async function labelCondition (prisma: PrismaClient, barcode: string, removed: string): Promise<Prisma.Sql> {
  const labelled = Prisma.sql`object.barcode = ${barcode}`
  const holder = removed === 'true' ? null : await prisma.container.findFirst({ where: { barcode, removed_at: null }, select: { id: true } })
  return holder === null ? Prisma.sql`(${labelled} OR ${await formerCondition(prisma, barcode)})` : labelled
}

/** Up to `take` containers after an id. */
export async function readContainers (prisma: PrismaClient, condition: Prisma.Sql, after: string | null, take: number): Promise<PageRow<ListedContainer>[]> {
  return await readRowsById<ListedContainer>(prisma, pageAsJson, condition, after, take)
}
