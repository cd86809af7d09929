import type { FastifyReply } from 'fastify'
import { jsonArray, type JsonItem } from '../store/json-row.ts'
import type { Page } from '../store/pages.ts'

/** Sends a page with the items that PostgreSQL wrote, unparsed. The return type is that of the JSON; tests check it against the schema. */
export function sendJsonPage<T> (reply: FastifyReply, { items, ...page }: Page<JsonItem<T>>): Page<T> {
  reply.type('application/json; charset=utf-8')
  return `{"items":${jsonArray(items)},${JSON.stringify(page).slice(1)}` as unknown as Page<T>
}
