/** Every problem: its stable code, its HTTP status, its title, and when it occurs. */
export const problemCatalogue = {
  'invalid-request': [400, 'Invalid request', 'A member, parameter or header breaks a rule. `errors` lists each fault.'],
  'malformed-body': [400, 'Malformed body', 'The body is not valid JSON or YAML in UTF-8. `line` and `column` say where, if known.'],
  'invalid-cursor': [400, 'Invalid cursor', 'The cursor does not belong to this list with these filters. Start again without `cursor`.'],
  'confirmation-required': [400, 'Confirmation required', 'The operation is destructive and needs an explicit confirmation.'],

  unauthorized: [401, 'Unauthorized', 'The request has no API key, or its key is not valid. Send a key as `Authorization: Bearer <key>`.'],
  forbidden: [403, 'Forbidden', 'The key does not have the scope that the operation needs. `scope` names that scope.'],

  'cross-origin-request': [403, 'Cross-origin request', 'A page of another origin sent the request without a key, or with the session of a browser. `origin` says which.'],

  'route-not-found': [404, 'Route not found', 'The path does not exist. /openapi.json lists all paths.'],
  'container-not-found': [404, 'Container not found', 'No container on the platform has this barcode, and no container has this id.'],
  'device-not-found': [404, 'Device not found', 'The lab has no device with this name.'],
  'position-not-found': [404, 'Position not found', 'The device has no such slot. `valid_range` says which slots it has.'],
  'process-not-found': [404, 'Process not found', 'No process has this id.'],
  'experiment-not-found': [404, 'Experiment not found', 'No experiment has this id.'],
  'step-kind-not-found': [404, 'Step kind not found', 'No step that counts for estimates has this key. GET /api/estimates/kinds lists the keys.'],
  'step-not-found': [404, 'Step not found', 'No step has this id.'],
  'reservation-not-found': [404, 'Reservation not found', 'No active reservation has this id. It may have been used up, released, or expired.'],
  'stocktake-not-found': [404, 'Stocktake not found', 'No stocktake that was applied has this id.'],
  'alarm-not-found': [404, 'Alarm not found', 'No alarm has this id.'],
  'webhook-not-found': [404, 'Webhook not found', 'No webhook has this id.'],
  'key-not-found': [404, 'Key not found', 'No key has this id.'],
  'labware-type-not-found': [404, 'Labware type not found', 'The lab has no labware type with this name.'],
  'no-certificate': [404, 'No certificate', 'The device has no server certificate.'],

  'method-not-allowed': [405, 'Method not allowed', 'The path does not support this method. `Allow` lists the methods that it supports.'],

  'request-timeout': [408, 'Request timeout', 'The request did not arrive completely within the time limit.'],

  'position-occupied': [409, 'Position occupied', 'The slot holds a container or a lid. `occupant` says which.'],
  'no-free-position': [409, 'No free position', 'Too few slots are free. The other slots are occupied or reserved, or dispose of what is put there.'],
  'position-disposes': [409, 'Position disposes', 'The slot disposes of what is put there, so nothing can be recorded as standing in it.'],
  'labware-does-not-fit': [409, 'Labware does not fit', 'The labware type of the container does not fit in the slot, or in any of the free slots. `rule` says why.'],
  'labware-type-in-use': [409, 'Labware type in use', 'Without the labware type, a device or slot would have an empty list of types. `in_use` says which.'],
  'position-reserved': [409, 'Position reserved', 'The slot is reserved. `reserved` says for whom, and until when.'],
  'reservation-mismatch': [409, 'Reservation mismatch', 'The reservation is for other slots or for another purpose. `reservation` says for which.'],
  'barcode-in-use': [409, 'Barcode in use', 'Another container on the platform has this barcode. `holder` says which, and where it is.'],
  'barcode-replaced': [409, 'Barcode replaced', 'A container on the platform had this barcode before and has another one now. `relabelled` says which.'],
  'source-mismatch': [409, 'Source mismatch', 'The container is not where the request says. `actual` says where it is.'],
  'source-empty': [409, 'Source empty', 'The source slot holds no container.'],
  'container-removed': [409, 'Container removed', 'The container was removed from the platform.'],
  'lid-mismatch': [409, 'Lid mismatch', 'The lid is not where the request says. `actual` says where it is.'],
  'device-name-in-use': [409, 'Device name in use', 'Another device has this name.'],
  'slots-occupied': [409, 'Slots occupied', 'The change would remove slots that hold containers or lids, or turn them into waste. `occupied` lists them.'],
  'id-in-use': [409, 'Id in use', 'The id was already used for something else.'],
  'illegal-transition': [409, 'Illegal transition', 'The status cannot change to the requested one. `allowed` lists the possible ones.'],
  'step-ended': [409, 'Step ended', 'The step is no longer running.'],
  'key-name-in-use': [409, 'Key name in use', 'Another valid key has this name. `id` says which.'],
  'too-many-webhooks': [409, 'Too many webhooks', 'The service already has the largest number of webhooks. `limit` is that number.'],
  'world-conflict': [409, 'Conflict with the state of the lab', 'A database constraint refused the change. `rule` names the constraint.'],
  'idempotency-key-running': [409, 'First request still running', 'The first request with this `Idempotency-Key` is still running. Retry later to get its response.'],

  'precondition-failed': [412, 'Precondition failed', '`If-Match` does not match the present state. `version` and `etags` describe that state.'],
  'body-too-large': [413, 'Body too large', 'The body is larger than the limit of the operation, has too many values or digits, or changes too much data at once.'],
  'uri-too-long': [414, 'URI too long', 'A segment of the path is longer than any name or id can be.'],
  'unsupported-media-type': [415, 'Unsupported media type', 'The operation does not accept the content type or encoding of the body. `supported` lists what it accepts.'],
  'idempotency-key-reused': [422, 'Idempotency key reused', 'This `Idempotency-Key` was already used for a request with another query or body.'],
  'too-many-requests': [429, 'Too many requests', 'The client exceeded the rate limit (RATE_LIMIT_PER_MINUTE), or failed to sign in too often. Retry after `Retry-After` seconds.'],
  'headers-too-large': [431, 'Headers too large', 'The request line and headers are larger than 16 KiB.'],

  'too-busy': [503, 'Too busy', 'Too many large reads run at the same time, or one took too long. Retry after `Retry-After` seconds.'],
  'too-many-streams': [503, 'Too many streams', 'The instance already has the largest number of open streams (MAX_STREAMS), or it is stopping. Retry after `Retry-After` seconds.'],
  'not-yet-replicated': [503, 'Not yet replicated', 'The database does not have the revision of `min_revision` yet. `revision` is the one that it has. Retry after `Retry-After` seconds.'],
  'internal-error': [500, 'Internal error', 'The service failed. Search its log for the request id.'],
  'database-unavailable': [503, 'Database unavailable', 'The database did not respond. Retry after `Retry-After` seconds.']
} as const satisfies Record<string, readonly [status: number, title: string, when: string]>

export type ProblemCode = keyof typeof problemCatalogue

/** A refusal. Any layer throws it; src/plugins/errors.ts sends it as application/problem+json. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly members: Readonly<Record<string, unknown>>

  constructor (code: ProblemCode, detail: string, members: Readonly<Record<string, unknown>>) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.members = members
  }

  get status (): number { return problemCatalogue[this.code][0] }
  get title (): string { return problemCatalogue[this.code][1] }
}

/** Creates a problem. `detail` says what is wrong and what to do. `members` are the data that a program needs to react. */
export function problem (code: ProblemCode, detail: string, members: Readonly<Record<string, unknown>> = {}): Problem {
  return new Problem(code, detail, members)
}

/** One fault of a request: where it is (a JSON pointer into the body, or the name of a parameter) and the rule that it breaks. */
export type Fault = { in: 'body' | 'query' | 'path' | 'headers', pointer?: string, parameter?: string, detail: string }

/** A problem lists at most this many faults. `more` says how many it leaves out. */
export const maxFaults = 20

/** The first fault, as the detail of an `invalid-request` says it. */
export function faultSentence ([first]: readonly Fault[]): string {
  return `${first?.parameter ?? (first?.pointer || 'The body')} ${first?.detail ?? ''}`.trim()
}

/** An `invalid-request` (400) that lists the first 20 faults and counts the others. */
export function invalid (...errors: readonly Fault[]): Problem {
  const more = errors.length > maxFaults ? { more: errors.length - maxFaults } : {}
  return problem('invalid-request', faultSentence(errors), { errors: errors.slice(0, maxFaults), ...more })
}
