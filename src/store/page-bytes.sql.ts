import { Prisma } from './generated/client.ts'

/**
 * A page ends with the item that brings its JSON to so many bytes. 500 steps, each with 64 KiB of data, would be 32 MB of text, and the process that
 * sends them would take several times as much.
 */
export const maxPageBytes = 4_194_304

/**
 * A query for the items of a page. `rows` is a query for its items in their order, with their `json`. Rows that have no room on the page are
 * returned with their key and without `json`: they tell that there is a next page.
 */
export function withinPageBytes (keys: readonly string[], rows: Prisma.Sql): Prisma.Sql {
  // A window without an order takes the rows as they come, and returns them so.
  return Prisma.sql`
    SELECT ${Prisma.raw(keys.map((key) => `sized.${key}`).join(', '))}, CASE WHEN sized.bytes - octet_length(sized.json) < ${maxPageBytes}::int THEN sized.json END AS json
    FROM (SELECT listed.*, sum(octet_length(listed.json)) OVER (ROWS UNBOUNDED PRECEDING) AS bytes FROM (${rows}) listed) sized`
}
