import Type, { type Static, type TSchema } from 'typebox'
import { ref } from './common.ts'

/** The media type of Parquet, a format for tables. */
export const parquetType = 'application/vnd.apache.parquet'

/** A part of the description of lists that are also tables. */
export const alsoParquet = `With \`Accept: ${parquetType}\` the answer is a Parquet file of all rows that the filters leave; with \`limit\`, of one page, and \`Link\` has the next.`

const ParquetFile = Type.String({
  $id: 'ParquetFile', format: 'binary', contentMediaType: parquetType, examples: ['PAR1...PAR1'],
  description: 'A Parquet file: a column a member, as `platform-status export` has them. Times are UTC with milliseconds; nested members are JSON text.'
})

/** The header of pages that are no JSON. */
export const nextPageHeader = {
  Link: { type: 'string', description: 'Of what is not JSON: the next page, with `rel="next"`. Absent on the last page.', examples: ['</api/events?cursor=WyJ0X3h2Q2kxOSIsIjAxOTlmMmY0Il0>; rel="next"'] }
} as const

/** The Parquet file as an entry of `content`. */
export const asParquet = { [parquetType]: { schema: ref(ParquetFile) } }

/** A page of a list as JSON, or all of it as Parquet if the client asks for it. */
export function pageOrParquet<S extends TSchema> (page: S & { $id?: string }) {
  return Type.Unsafe<Static<S>>({
    description: `One page of the list. As a Parquet file if \`Accept\` asks for \`${parquetType}\`.`, headers: nextPageHeader,
    content: { 'application/json': { schema: ref(page) }, ...asParquet }
  })
}

export const tableFileSchemas = [ParquetFile]
