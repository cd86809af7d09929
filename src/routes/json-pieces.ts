import type { FastifyReply } from 'fastify'
import { longText, sendLongText } from '../plugins/long-text.ts'
import type { JsonPieces } from '../store/json-row.ts'

/** Sends a JSON text that can be long, and was written by PostgreSQL. The return type is that of the JSON; tests check it against the schema. */
export async function sendJsonPieces<T> (reply: FastifyReply, { pieces }: JsonPieces<T>): Promise<T> {
  reply.type('application/json; charset=utf-8')
  return sendLongText(reply, await longText(pieces)) as T
}
