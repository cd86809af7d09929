/** What can go wrong, once: the stable code, its status, its title, and when it happens. One code has one status. */
export const catalogue = {
  'invalid-request': [400, 'Invalid request', 'A member, parameter or header breaks a rule; `errors` names each with the rule.'],
  'malformed-body': [400, 'Malformed body', 'The body is not valid JSON or YAML in UTF-8; `line` and `column` tell where, when known.'],
  'invalid-cursor': [400, 'Invalid cursor', 'The cursor was not made by this list with these filters; start again without it.'],
  'confirmation-required': [400, 'Confirmation required', 'The call is destructive and wants its confirmation spelled out.'],

  unauthorized: [401, 'Unauthorized', 'The service wants a key, and none came or it is not valid; `Authorization: Bearer <key>` carries it.'],
  forbidden: [403, 'Forbidden', 'The key is valid, but does not have the scope that the call needs; `scope` names it.'],

  'cross-origin-request': [403, 'Cross-origin request', 'A page of another origin sent the request without a key; `origin` names it.'],

  'route-not-found': [404, 'Route not found', 'There is no such path; /openapi.json lists those there are.'],
  'container-not-found': [404, 'Container not found', 'No container on the platform has this barcode, and none has this id.'],
  'device-not-found': [404, 'Device not found', 'The lab has no device of this name.'],
  'position-not-found': [404, 'Position not found', 'The device has no such slot; `valid_range` tells those it has.'],
  'process-not-found': [404, 'Process not found', 'No process has this id.'],
  'experiment-not-found': [404, 'Experiment not found', 'No experiment has this id.'],
  'step-not-found': [404, 'Step not found', 'No step has this id.'],
  'reservation-not-found': [404, 'Reservation not found', 'No reservation has this id now: it was used up, released, or is over.'],
  'key-not-found': [404, 'Key not found', 'No key has this id.'],
  'no-certificate': [404, 'No certificate', 'The device has no server certificate.'],

  'method-not-allowed': [405, 'Method not allowed', 'The path exists but not with this method; `Allow` lists those it has.'],

  'request-timeout': [408, 'Request timeout', 'The request did not arrive in time.'],

  'position-occupied': [409, 'Position occupied', 'A container or a lid is in that slot; `occupant` tells which.'],
  'no-free-position': [409, 'No free position', 'Too few slots are free: the others hold a container or a lid, or are reserved.'],
  'position-reserved': [409, 'Position reserved', 'The slot is promised to another; `reserved` tells to whom and how long.'],
  'reservation-mismatch': [409, 'Reservation mismatch', 'The reservation is for other slots or another purpose; `reservation` tells which.'],
  'barcode-in-use': [409, 'Barcode in use', 'Another container on the platform has this barcode; `holder` tells which and where.'],
  'source-mismatch': [409, 'Source mismatch', 'The container is not where the request says; `actual` tells where it is.'],
  'source-empty': [409, 'Source empty', 'Nothing is at the source.'],
  'container-removed': [409, 'Container removed', 'The container was taken off the platform.'],
  'lid-mismatch': [409, 'Lid mismatch', 'The lid is not where the request says; `actual` tells where it is.'],
  'device-name-in-use': [409, 'Device name in use', 'Another device of the lab has this name.'],
  'slots-occupied': [409, 'Slots occupied', 'The change would drop slots where containers or lids are; `occupied` names each.'],
  'id-in-use': [409, 'Id in use', 'Something else was created with this id before.'],
  'illegal-transition': [409, 'Illegal transition', 'The status cannot follow the present one; `allowed` tells which can.'],
  'step-ended': [409, 'Step ended', 'The step is not running any more.'],
  'key-name-in-use': [409, 'Key name in use', 'Another valid key has this name; `id` tells which.'],
  'world-conflict': [409, 'Conflict with the tracked world', 'A rule of the physical world refused the change; `rule` names it.'],
  'idempotency-key-running': [409, 'First request still running', 'The first request with this `Idempotency-Key` is still running; ask again for its answer.'],

  'precondition-failed': [412, 'Precondition failed', '`If-Match` names an earlier state of the thing; `version` and `etags` tell the present one.'],
  'body-too-large': [413, 'Body too large', 'The body is larger than the limit.'],
  'uri-too-long': [414, 'URI too long', 'A part of the path is longer than any name.'],
  'unsupported-media-type': [415, 'Unsupported media type', 'The body has a content type that this call does not take; `supported` lists those it does.'],
  'idempotency-key-reused': [422, 'Idempotency key reused', 'This `Idempotency-Key` was used for a request with another query or body.'],
  'too-many-requests': [429, 'Too many requests', 'More requests a minute than RATE_LIMIT_PER_MINUTE allows; try again after `Retry-After` seconds.'],
  'headers-too-large': [431, 'Headers too large', 'The head of the request is larger than 16 KiB.'],

  'too-busy': [503, 'Too busy', 'Too many large reads run at once, or one took too long; try again after `Retry-After` seconds.'],

  'internal-error': [500, 'Internal error', 'The service failed; its log has the request id.'],
  'database-unavailable': [503, 'Database unavailable', 'The database did not answer; try again after `Retry-After` seconds.']
} as const satisfies Record<string, readonly [status: number, title: string, when: string]>

export type ProblemCode = keyof typeof catalogue

/** A refusal on its way to the caller: thrown where it is known, turned into application/problem+json at the door. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly members: Readonly<Record<string, unknown>>

  constructor (code: ProblemCode, detail: string, members: Readonly<Record<string, unknown>>) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.members = members
  }

  get status (): number { return catalogue[this.code][0] }
  get title (): string { return catalogue[this.code][1] }
}

/** Makes a problem; `detail` says what is wrong here and the way out, `members` carry what a program needs to act. */
export function problem (code: ProblemCode, detail: string, members: Readonly<Record<string, unknown>> = {}): Problem {
  return new Problem(code, detail, members)
}

/** One fault of an input: where it is (a JSON pointer into the body, or a parameter's name) and the rule it breaks. */
export type Fault = { in: 'body' | 'query' | 'path' | 'headers', pointer?: string, parameter?: string, detail: string }

/** A problem tells at most this many faults; `more` then says how many are left out. */
export const mostFaults = 20

/** A 400 that names the faults: `errors` has the first twenty, `more` counts the others. */
export function invalid (...errors: readonly Fault[]): Problem {
  const [first] = errors
  const where = first?.parameter ?? first?.pointer ?? ''
  const more = errors.length > mostFaults ? { more: errors.length - mostFaults } : {}
  return problem('invalid-request', `${where} ${first?.detail ?? ''}`.trim(), { errors: errors.slice(0, mostFaults), ...more })
}
