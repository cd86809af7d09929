import { Prisma } from './generated/client.ts'

/** A condition that all of these hold; those that are null were not asked for. */
export function allOf (conditions: readonly (Prisma.Sql | null)[]): Prisma.Sql {
  const asked = conditions.filter((condition) => condition !== null)
  return asked.length === 0 ? Prisma.sql`true` : Prisma.join(asked, ' AND ')
}

/** Whether a time is set, for example that of the removal. Null for any. */
export function isSet (column: Prisma.Sql, wanted: 'true' | 'false' | 'any'): Prisma.Sql | null {
  if (wanted === 'any') return null
  return wanted === 'true' ? Prisma.sql`${column} IS NOT NULL` : Prisma.sql`${column} IS NULL`
}
