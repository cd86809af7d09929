import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parquetType } from '../contract/table-files.ts'
import type { TableKind } from '../tables/columns.ts'
import type { JsonItem } from '../store/json-row.ts'
import type { Page } from '../store/pages.ts'
import { sendJsonPage } from './json-page.ts'
import { negotiate } from './negotiate.ts'

/** Answers one page of a list as JSON, or the whole list as Parquet if the client asks for it. */
export async function listOrTable<Q extends object, T> (
  app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, kind: TableKind, query: Q, read: (query: Q) => Promise<Page<JsonItem<T>>>
): Promise<Page<T>> {
  if (negotiate(request, reply, ['application/json', parquetType]) === 'application/json') return sendJsonPage(reply, await read(query))
  // The schema of the response has the file beside the page.
  return await app.sendTable(request, reply, kind, query, read) as unknown as Page<T>
}
