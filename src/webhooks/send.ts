import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { addressIn, isForbiddenAddress } from '../domain/webhook-target.ts'

/** What came of a request to a receiver. `error` is null if the receiver took the message. */
export type Sent = { status: number | null, error: string | null, response: string | null, retryAfterSeconds: number | null }

const largestResponse = 1024
/** The rest of an answer may come this late. Its status is known by then. */
const responseWaitMs = 1000

/** How names become addresses: as the system does it. */
export type ResolveName = (name: string, options: LookupAllOptions, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void

class ForbiddenAddress extends Error {}

/**
 * Sends one message. Redirects are not followed. The address is judged when the connection is made, so a name that resolves to another address
 * later is refused as well. `stop` breaks the request off and throws.
 */
export async function sendMessage (
  url: string, { headers, body, timeoutMs, stop }: { headers: Record<string, string>, body: string, timeoutMs: number, stop: AbortSignal },
  resolveName: ResolveName = lookup
): Promise<Sent> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const target = new URL(url)
    const address = addressIn(target)
    if (address !== null && isForbiddenAddress(address)) throw new ForbiddenAddress(address)
    const answer = await respond(target, { headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, body, signal: AbortSignal.any([timeout, stop]), lookup: allowedOnly(resolveName) })
    const response = await beginningOf(answer)
    const status = answer.statusCode!
    return { status, error: refusalOf(status), response, retryAfterSeconds: secondsOf(answer.headers['retry-after']) }
  } catch (error) {
    if (stop.aborted) throw error
    return { status: null, error: timeout.aborted ? `The receiver did not answer within ${timeoutMs / 1000} seconds.` : failureOf(error), response: null, retryAfterSeconds: null }
  }
}

type Request = { headers: Record<string, string>, body: string, signal: AbortSignal, lookup: LookupFunction }

async function respond (url: URL, { body, ...options }: Request): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    // A connection for each message: one that is kept open can be closed by the receiver just when the next message is sent.
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { method: 'POST', agent: false, maxHeaderSize: 16_384, ...options })
    request.once('response', resolve).once('error', reject)
    // Without these, a receiver that wants to change the protocol (101) would keep its webhook for ever: Node closes the connection without an error.
    request.once('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer)
    }).once('close', () => reject(Object.assign(new Error('closed without an answer'), { code: 'ECONNRESET' })))
    request.end(body)
  })
}

/** Resolves a name as usual, and fails if one of its addresses is forbidden. */
function allowedOnly (resolveName: ResolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      const forbidden = error === null ? addresses.find(({ address }) => isForbiddenAddress(address)) : undefined
      const failure = forbidden === undefined ? error : new ForbiddenAddress(forbidden.address)
      if (failure !== null) callback(failure, '')
      else if (options.all === true) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}

/** The first KiB of an answer, as far as it comes soon. Also ends the connection. */
async function beginningOf (answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, responseWaitMs)
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= largestResponse) resolve()
    }).once('end', resolve).once('close', resolve).once('error', () => resolve())
    answer.once('close', () => clearTimeout(timer))
  })
  answer.destroy()
  // PostgreSQL stores no NUL.
  return Buffer.concat(chunks).subarray(0, largestResponse).toString('utf8').replaceAll('\0', '\uFFFD')
}

function refusalOf (status: number): string | null {
  if (status >= 200 && status < 300) return null
  return status >= 300 && status < 400 ? `The receiver answered ${status}, a redirect, which is not followed.` : `The receiver answered ${status}.`
}

/** The seconds of `Retry-After`, which is a number or a date. */
function secondsOf (header: string | undefined): number | null {
  if (header === undefined) return null
  if (/^\d+$/.test(header)) return Math.min(Number(header), Number.MAX_SAFE_INTEGER)
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000)
}

/** Why no answer came. Never with the URL, which can contain a secret. */
function failureOf (error: unknown): string {
  if (error instanceof ForbiddenAddress) return `The address ${error.message} is not allowed: messages are never sent to link-local, multicast and metadata addresses.`
  const { code } = error as { code?: unknown }
  // What the parser of Node says about bytes that are no HTTP.
  if (typeof code === 'string' && code.startsWith('HPE_')) return `The receiver answered something that is not valid HTTP (${code}).`
  return `The receiver could not be reached (${typeof code === 'string' ? code : 'unknown error'}).`
}
