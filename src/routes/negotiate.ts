import type { FastifyReply, FastifyRequest } from 'fastify'
import { parquetType } from '../contract/table-files.ts'

/**
 * Sets the `Content-Type` of the response to the offered media type that `Accept` prefers, and returns that type. The
 * first offered type is the default: it is used without an `Accept` header, and when none of the offered types is accepted.
 */
export function negotiate<T extends string> (request: FastifyRequest, reply: FastifyReply, offered: readonly [T, ...T[]]): T {
  // the types are offered with their charset, because `application/json; charset=utf-8` accepts no type without it
  const preferred = request.accepts().type(offered.map(withCharset))
  const type = offered.find((one) => withCharset(one) === preferred) ?? offered[0]
  reply.type(withCharset(type)).header('vary', 'accept')
  return type
}

function withCharset (type: string): string {
  return type === parquetType ? type : `${type}; charset=utf-8`
}
