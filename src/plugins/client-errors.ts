import type { ConnectionError, FastifyInstance } from 'fastify'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { v7 as uuidv7 } from 'uuid'
import { problemBody, problemType } from '../contract/problem-responses.ts'
import { problem, type Problem } from '../contract/problems.ts'

/** Responds to requests that are not valid HTTP, too slow, or have too large headers. They never reach a route or an error handler. */
export function clientError (this: FastifyInstance, error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  const id = uuidv7()
  const found = problemOf(error.code)
  // Not the error itself, because it contains the bytes of the request, with the key.
  this.log.debug({ reason: error.message, request_id: id, code: found.code }, found.message)
  const body = JSON.stringify(problemBody(found, { instance: '', request_id: id }))
  const head = [
    `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status]}`, `Content-Type: ${problemType}`, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

function problemOf (code: string): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': return problem('headers-too-large', 'The request line and headers are larger than 16 KiB.')
    case 'ERR_HTTP_REQUEST_TIMEOUT': return problem('request-timeout', 'The request did not arrive completely within the time limit.')
    case 'HPE_INVALID_METHOD': return problem('invalid-request', 'The method is not an HTTP method.', { errors: [] })
    default: return problem('invalid-request', 'The request is not valid HTTP/1.1.', { errors: [] })
  }
}
