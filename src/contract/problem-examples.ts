import type { ProblemCode } from './problems.ts'

const container = { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001' }
const move = '/api/containers/SCREEN_001/move'
const step = '/api/steps/0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10'

/** One example of each problem: request path, detail and further members. Tests compare real problems with these members. */
export const problemExamples: Readonly<Record<ProblemCode, Readonly<{ instance: string, detail: string, [member: string]: unknown }>>> = {
  'invalid-request': {
    instance: '/api/steps', detail: '/start must be an RFC 3339 time with an offset, such as 2026-03-02T09:15:00Z; add the missing Z or offset',
    errors: [{ in: 'body', pointer: '/start', detail: 'must be an RFC 3339 time with an offset, such as 2026-03-02T09:15:00Z; add the missing Z or offset' }]
  },
  'malformed-body': { instance: '/api/lab/config', detail: 'The body is not valid YAML: line 3, column 5: a key must be text.', line: 3, column: 5 },
  'invalid-cursor': { instance: '/api/steps', detail: 'The cursor does not belong to this list with these filters. Start again without `cursor`.', parameter: 'cursor' },
  'confirmation-required': { instance: '/api/lab', detail: 'This removes every container and retires every device. Confirm it with ?confirm=wipe.', parameter: 'confirm' },

  unauthorized: { instance: move, detail: 'Send a key as `Authorization: Bearer <key>`. To create a key, use POST /api/keys, or run `npm run keys` on the machine of the service.' },
  forbidden: { instance: '/api/lab', detail: 'The key "orchestrator" has the scope operate. This operation needs admin.', scope: 'admin' },

  'cross-origin-request': {
    instance: '/api/lab',
    detail: 'A page of https://elsewhere.example sent this request without a key. Open a page of this service instead. Pages of the origins in CORS_ORIGINS can send a key.',
    origin: 'https://elsewhere.example'
  },

  'route-not-found': { instance: '/api/plates', detail: 'The path /api/plates does not exist. /openapi.json lists all paths.' },
  'container-not-found': {
    instance: move, detail: 'No container on the platform has the barcode or id "SCREEN_001". The barcode "screen_001" on the platform differs from it in case only.',
    container: 'SCREEN_001', parameter: 'container', differs_in_case: 'screen_001', removed: [{ id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', removed_at: '2026-03-02T11:30:00.000Z' }],
    relabelled: [{ id: container.id, barcode: 'SCREEN_101', device: 'Incubator', position: 5, missing_since: null, last: null, removed_at: null, until: '2026-03-02T09:15:00.000Z' }]
  },
  'device-not-found': { instance: move, detail: 'The lab has no device "Incubatr". GET /api/devices lists all devices.', device: 'Incubatr', type: 'incubator', pointer: '/target_device' },
  'position-not-found': {
    instance: move, detail: 'Incubator has no slot 40. Its slots are 0 to 31.', device: 'Incubator', position: 40, pointer: '/target_pos', valid_range: { minimum: 0, maximum: 31 }
  },
  'process-not-found': {
    instance: '/api/experiments', detail: 'No process has this id.', process_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', pointer: '/process_id'
  },
  'experiment-not-found': { instance: '/api/experiments/0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', detail: 'No experiment has this id.', parameter: 'id' },
  'step-kind-not-found': {
    instance: '/api/estimates/kinds/6f1c2b7e-30f6-9c5a-1d0e-3f2b9f7a8c11/history',
    detail: 'No step that counts for estimates has this key. GET /api/estimates/kinds lists the keys.', parameter: 'key'
  },
  'alarm-not-found': { instance: '/api/alarms/0199f2f6-2c5e-7f63-b4d2-8e7061f5d432/acknowledge', detail: 'No alarm has this id. GET /api/alarms lists those that are on.', parameter: 'id' },
  'step-not-found': { instance: step, detail: 'No step has this id.', parameter: 'id' },
  'reservation-not-found': {
    instance: '/api/reservations/0199f2f7-3c5d-7a61-8e21-5b4d3c2a1f09', reservation_id: '0199f2f7-3c5d-7a61-8e21-5b4d3c2a1f09', parameter: 'id',
    detail: 'No active reservation has this id. It may have been used up, released, or expired. Create a new one.'
  },
  'stocktake-not-found': {
    instance: '/api/stocktakes/0199f2f9-1b4d-7e52-a3c1-7d6f5e4c3b21', detail: 'No stocktake that was applied has this id. GET /api/stocktakes lists them.', parameter: 'id'
  },
  'webhook-not-found': {
    instance: '/api/webhooks/0199f2f6-4d7f-7a85-8b1c-9f8172e6d543', detail: 'No webhook has this id. GET /api/webhooks lists all webhooks.',
    webhook_id: '0199f2f6-4d7f-7a85-8b1c-9f8172e6d543', parameter: 'id'
  },
  'key-not-found': { instance: '/api/keys/0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d', detail: 'No key has this id.', parameter: 'id' },
  'labware-type-not-found': {
    instance: '/api/labware-types/Greiner%2069', detail: 'The lab has no labware type "Greiner 69". GET /api/labware-types lists all types; PUT /api/labware-types/{name} adds one.',
    labware_type: 'Greiner 69', parameter: 'name'
  },
  'no-certificate': { instance: '/api/devices/Incubator/certificate', detail: 'Incubator has no server certificate.', device: 'Incubator' },

  'method-not-allowed': { instance: '/api/moves', detail: 'GET is not allowed here. Use POST.', allowed: ['POST'] },
  'request-timeout': { instance: '', detail: 'The request did not arrive completely within the time limit.' },

  'position-occupied': {
    instance: move, detail: 'Slot 5 of Incubator holds the lid of "SCREEN_002". Move it away first, or choose another slot.',
    device: 'Incubator', position: 5, pointer: '/target_pos',
    occupant: { id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', barcode: 'SCREEN_002', name: 'ScreenPlate_02', part: 'lid', since: '2026-03-02T09:15:00.000Z' },
    conflicts_with: { index: 0 },
    occupants: [
      { id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', barcode: 'SCREEN_002', name: 'ScreenPlate_02', part: 'lid' }, { ...container, name: 'ScreenPlate_01', part: 'container' }
    ]
  },
  'no-free-position': {
    instance: '/api/reservations', detail: '4 free slots of Incubator were requested, but only 3 are available.',
    device: 'Incubator', type: 'incubator', positions: 32, reserved: 2, disposing: 1, wanted: 4, free: 3, pointer: '/device'
  },
  'position-disposes': {
    instance: '/api/containers', detail: 'Slot 0 of Waste disposes of what is put there, so nothing can stand in it. To dispose of a container, record a move to Waste.',
    device: 'Waste', position: 0, pointer: '/position', lid: { device: 'Hotel1', position: 3 }
  },
  'labware-type-in-use': {
    instance: '/api/labware-types/Deep%2096', detail: '"Deep 96" is the only labware type that is listed in slot 5 of Incubator. Change `labware_types` there first: null allows every type, a list only these. Nothing was changed.',
    labware_types: ['Deep 96'], in_use: [{ device: 'Incubator', position: 5 }]
  },
  'labware-does-not-fit': {
    instance: move, detail: 'A "Deep 96" does not fit in slot 5 of Incubator: it is 44 mm high, and 30 mm is the limit there. Choose another slot, or correct what the service knows of the slot or of the type.',
    device: 'Incubator', position: 5, pointer: '/target_pos', labware_type: 'Deep 96', rule: 'max_height_mm', height_mm: 44, max_height_mm: 30,
    labware_types: ['Greiner 96 flat'], type: 'incubator', free: 3, wanted: 1
  },
  'position-reserved': {
    instance: move, detail: 'Slot 5 of Incubator is reserved for orchestrator-1 until 2026-03-02T09:25:00.000Z. Send its `reservation_id`, or choose another slot.',
    device: 'Incubator', position: 5, pointer: '/target_pos',
    reserved: { id: '0199f2f7-3c5d-7a61-8e21-5b4d3c2a1f09', owner: 'orchestrator-1', expires_at: '2026-03-02T09:25:00.000Z' }
  },
  'reservation-mismatch': {
    instance: move, detail: 'The reservation is for a container in slot 5 of Incubator, not for slot 6 of Incubator.', device: 'Incubator', position: 6, pointer: '/target_pos',
    reservation: { id: '0199f2f7-3c5d-7a61-8e21-5b4d3c2a1f09', purpose: 'container', positions: [{ device: 'Incubator', position: 5 }] }
  },
  'barcode-in-use': {
    instance: '/api/containers', detail: 'The barcode "SCREEN_001" belongs to a container in slot 5 of Incubator. Remove that container first if it is no longer in the lab.',
    barcode: 'SCREEN_001', pointer: '/barcode', holder: { ...container, name: 'ScreenPlate_01', device: 'Incubator', position: 5 }, conflicts_with: { index: 0 }
  },
  'barcode-replaced': {
    instance: '/api/stocktakes', barcode: 'SCREEN_001', pointer: '/seen/3/barcode', index: 3,
    detail: 'Until 2026-03-02T09:15:00.000Z, "SCREEN_001" was the barcode of the container "SCREEN_101"; it is in slot 5 of Incubator. ' +
      'If the plate is that container, give it this barcode with POST /api/containers/relabel. If it is another one, add it with POST /api/containers. Then repeat the stocktake.',
    relabelled: [{ id: container.id, barcode: 'SCREEN_101', device: 'Incubator', position: 5, missing_since: null, last: null, removed_at: null, until: '2026-03-02T09:15:00.000Z' }]
  },
  'source-mismatch': {
    instance: move, detail: 'The container is in slot 5 of Incubator, not in slot 0 of Hamilton_STAR.',
    expected: { device: 'Hamilton_STAR', position: 0 }, actual: { device: 'Incubator', position: 5 }, container,
    missing_since: '2026-03-02T09:15:00.000Z', last: { device: 'Incubator', position: 5 }, differs_in_case: 'screen_001',
    removed: [{ id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', removed_at: '2026-03-02T11:30:00.000Z' }],
    relabelled: [{ id: container.id, barcode: 'SCREEN_101', device: 'Incubator', position: 5, missing_since: null, last: null, removed_at: null, until: '2026-03-02T09:15:00.000Z' }]
  },
  'source-empty': {
    instance: '/api/transfers', detail: 'Slot 0 of Hamilton_STAR holds no container, only the lid of "SCREEN_002".', device: 'Hamilton_STAR', position: 0, pointer: '/source',
    occupant: { id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', barcode: 'SCREEN_002', name: 'ScreenPlate_02', part: 'lid', since: '2026-03-02T09:15:00.000Z' }
  },
  'container-removed': {
    instance: '/api/containers/0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11/move', container: container.id, removed_at: '2026-03-02T11:30:00.000Z',
    detail: 'The container was removed from the platform at 2026-03-02T11:30:00.000Z. Add it again to use it.'
  },
  'lid-mismatch': {
    instance: '/api/containers/SCREEN_001/lid', detail: 'The lid is in slot 3 of Hotel1, not in slot 4 of Hotel1.',
    expected: { device: 'Hotel1', position: 4 }, actual: { device: 'Hotel1', position: 3 }, container
  },
  'device-name-in-use': { instance: '/api/devices', detail: 'The lab already has a device "Incubator". Choose another name.', device: 'Incubator', pointer: '/name' },
  'slots-occupied': {
    instance: '/api/lab/config',
    detail: 'The change would remove slots that are not empty: slot 5 of Incubator holds the container "SCREEN_001". Move their contents away first. Nothing was changed.',
    disposes: true,
    occupied: [{ device: 'Incubator', position: 5, occupant: { ...container, name: 'ScreenPlate_01', part: 'container', since: '2026-03-02T09:15:00.000Z' } }]
  },
  'id-in-use': {
    instance: '/api/containers', id: container.id, pointer: '/id',
    detail: `The id ${container.id} was already used for something else. For a retry, send the same body. Otherwise use another id.`
  },
  'illegal-transition': {
    instance: '/api/experiments/0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', detail: 'The experiment is completed and cannot become running. It has ended.', from: 'completed', to: 'running', allowed: []
  },
  'step-ended': {
    instance: `${step}/finish`, detail: 'The step is already completed (finish 2026-03-02T09:20:41.500Z). Use PATCH to correct it.',
    step: { id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', status: 'completed', finish: '2026-03-02T09:20:41.500Z' }
  },
  'key-name-in-use': {
    instance: '/api/keys', detail: 'A valid key already has the name "orchestrator". Revoke that key first, or choose another name.',
    name: 'orchestrator', id: '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d', pointer: '/name'
  },
  'too-many-webhooks': { instance: '/api/webhooks', detail: 'There are 100 webhooks, which is the limit. Delete one first: GET /api/webhooks lists all.', limit: 100 },
  'world-conflict': { instance: move, detail: 'The constraint "placement_pkey" refused the change. Nothing was changed.', rule: 'placement_pkey' },
  'idempotency-key-running': { instance: move, detail: 'The first request with this key is still running. Retry in a moment to get its response.' },
  'idempotency-key-reused': { instance: move, detail: 'This key was already used for a request with another query or body. Use a new key for a new request.' },
  'precondition-failed': {
    instance: '/api/containers/SCREEN_001', detail: 'The object has changed. Its ETag is now "4-kq8W2v0r1mYx5ZcT". Read it again before you change it.',
    version: 4, etags: ['"4-kq8W2v0r1mYx5ZcT"']
  },

  'body-too-large': { instance: '/api/steps/batch', detail: 'The body is larger than 16777216 bytes, which is the limit of this operation (at most BODY_LIMIT_BYTES). Send it in several requests.', limit: 16777216 },
  'uri-too-long': { instance: '/api/containers/...', detail: 'A segment of the path is longer than any name or id can be.' },
  'unsupported-media-type': {
    instance: '/api/lab/config', detail: 'Send the lab file as application/yaml or application/json.',
    supported: ['application/json', 'application/yaml', 'application/x-yaml', 'text/yaml']
  },
  'too-many-requests': { instance: '/api/lab', detail: 'More than 12000 requests in one minute. Retry in 21 s.', limit: 12000 },
  'headers-too-large': { instance: '', detail: 'The request line and headers are larger than 16 KiB.' },

  'too-many-streams': {
    instance: '/api/events/stream', detail: 'This instance has 500 open streams, which is its limit (MAX_STREAMS). Connect again in a few seconds, or to another instance.', limit: 500
  },
  'not-yet-replicated': {
    instance: '/api/containers/SCREEN_001', detail: 'The database has revision 4711, and not yet revision 4712. Retry in one second, or ask an instance on the primary.', min_revision: 4712, revision: 4711
  },
  'internal-error': { instance: '/api/lab', detail: 'The service failed. Search its log for this request id.' },
  'too-busy': { instance: '/api/steps/statistics', detail: 'Other large reads are still running. Retry in one second.' },
  'database-unavailable': { instance: '/api/lab', detail: 'The database did not respond. It is not known whether anything was changed. Retry the request.' }
}
