import type { FastifyReply } from 'fastify'
import type { JsonRow } from '../store/json-row.ts'

/** Sends the JSON text that PostgreSQL wrote, unparsed. The return type is that of the JSON; tests check it against the schema. */
export function sendJsonRow<T> (reply: FastifyReply, { json, version }: JsonRow<T>): T {
  reply.representedVersion = version
  reply.type('application/json; charset=utf-8')
  return json as T
}
