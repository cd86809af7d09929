import { Prisma, type PrismaClient } from './generated/client.ts'
import type { JsonItem, PageRow } from './json-row.ts'
import { withinPageBytes } from './page-bytes.sql.ts'

/** Up to `take` rows after an id, of a query of `selectItemsAsJson` with the key `id`. The condition is on `object`. */
export async function readRowsById<Item extends JsonItem<unknown> & { id: string }> (
  prisma: PrismaClient, itemsAsJson: string, condition: Prisma.Sql, after: string | null, take: number
): Promise<PageRow<Item>[]> {
  const beyond = after === null ? Prisma.sql`true` : Prisma.sql`object.id > ${after}::uuid`
  return await prisma.$queryRaw<PageRow<Item>[]>(withinPageBytes(['id'], Prisma.sql`${Prisma.raw(itemsAsJson)} WHERE ${condition} AND ${beyond} ORDER BY object.id LIMIT ${take}`))
}

/** How many rows of `from` (a table or view with its alias, for example `step s`) meet a condition. */
export async function countRows (prisma: PrismaClient, from: string, condition: Prisma.Sql): Promise<number> {
  const [row] = await prisma.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count FROM ${Prisma.raw(from)} WHERE ${condition}`
  return row!.count
}
