import type { Device, DeviceQuery } from '../contract/devices.ts'
import { allOf, isSet } from './conditions.sql.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { type PageRow, type JsonItem, type MemberKinds, selectItemsAsJson } from './json-row.ts'
import { withinPageBytes } from './page-bytes.sql.ts'
import type { PageQuery } from './pages.ts'

const members: MemberKinds<Device> = {
  id: 'value', name: 'value', group: 'value', type: 'value', description: 'value', uri: 'value', capacity: 'value', process_capacity: 'value', min_capacity: 'value',
  allows_overlap: 'value', disposes: 'value', labware_types: 'value', max_height_mm: 'value', extra: 'value', has_certificate: 'value', listed: 'value',
  retired_at: 'time', created_at: 'time', updated_at: 'time', version: 'value'
}
const keys = ['name', 'id']
const pageAsJson = selectItemsAsJson(members, 'device_state', keys)

/** A device of a list. */
export type ListedDevice = JsonItem<Device> & Pick<Device, 'name' | 'id'>

/** The SQL condition (on `device_state object`) of the filters. */
export function deviceCondition ({ group, type, has_certificate, retired = 'false', listed = 'true' }: Omit<DeviceQuery, keyof PageQuery>): Prisma.Sql {
  return allOf([
    group === undefined ? null : Prisma.sql`object."group" = ${group}`,
    type === undefined ? null : Prisma.sql`object.type = ${type}`,
    has_certificate === undefined ? null : Prisma.sql`object.has_certificate = ${has_certificate}`,
    isSet(Prisma.sql`object.retired_at`, retired),
    listed === 'any' ? null : Prisma.sql`object.listed = ${listed === 'true'}`
  ])
}

/** Up to `take` devices in the order of their names, after the key of one. */
export async function readDevices (
  prisma: PrismaClient, condition: Prisma.Sql, after: readonly [string, string] | null, take: number
): Promise<PageRow<ListedDevice>[]> {
  const beyond = after === null ? Prisma.sql`true` : Prisma.sql`(object.name, object.id) > (${after[0]}, ${after[1]}::uuid)`
  return await prisma.$queryRaw<PageRow<ListedDevice>[]>(withinPageBytes(keys, Prisma.sql`${Prisma.raw(pageAsJson)} WHERE ${condition} AND ${beyond} ORDER BY object.name, object.id LIMIT ${take}`))
}
