import type { FastifyReply } from 'fastify'
import type { JsonRow } from '../store/json-row.ts'

/** Answers the text that the database wrote, as it is. Typed as what it says; every test holds it against the schema. */
export function sendJsonRow<T> (reply: FastifyReply, { json, version }: JsonRow<T>): T {
  reply.representedVersion = version
  reply.type('application/json; charset=utf-8')
  return json as T
}
