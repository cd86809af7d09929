import type { ConnectionError, FastifyInstance } from 'fastify'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { v7 as uuidv7 } from 'uuid'
import { problemBody, problemType } from '../contract/problem-responses.ts'
import { problem, type Problem } from '../contract/problems.ts'

/** Answers what is not even HTTP, or too slow, or has too large a head: such a request reaches no route and no handler. */
export function clientError (this: FastifyInstance, error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  const id = uuidv7()
  const found = problemOf(error.code)
  // the error itself holds what came, keys and all
  this.log.debug({ reason: error.message, reqId: id, code: found.code }, found.message)
  const body = JSON.stringify(problemBody(found, { instance: '', request_id: id }))
  const head = [
    `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status]}`, `Content-Type: ${problemType}`, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

function problemOf (code: string): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': return problem('headers-too-large', 'The head of the request is larger than 16 KiB.')
    case 'ERR_HTTP_REQUEST_TIMEOUT': return problem('request-timeout', 'The request did not arrive in time.')
    case 'HPE_INVALID_METHOD': return problem('invalid-request', 'The method is none of HTTP.', { errors: [] })
    default: return problem('invalid-request', 'This cannot be read as HTTP/1.1.', { errors: [] })
  }
}
