import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { TSchema } from 'typebox'
import { alarmSchemas } from './alarms.ts'
import { arrangementSchemas } from './arrangements.ts'
import { certificateSchemas } from './certificates.ts'
import { cloudEventSchemas } from './cloud-events.ts'
import { commonSchemas } from './common.ts'
import { containerSchemas } from './containers.ts'
import { deviceSchemas } from './devices.ts'
import { estimateKindSchemas } from './estimate-kinds.ts'
import { estimateSchemas } from './estimates.ts'
import { eventSchemas } from './events.ts'
import { experimentSchemas } from './experiments.ts'
import { healthSchemas } from './health.ts'
import { keySchemas } from './keys.ts'
import { labelSchemas } from './labels.ts'
import { labSchemas } from './lab.ts'
import { labwareTypeSchemas } from './labware-types.ts'
import { orchestratorSchemas } from './orchestrators.ts'
import { metricsSchemas } from './metrics.ts'
import { positionSchemas } from './positions.ts'
import { problemComponents, problemSchemas } from './problem-responses.ts'
import { processDurationSchemas } from './process-duration.ts'
import { processSchemas } from './processes.ts'
import { reservationSchemas } from './reservations.ts'
import { runningSchemas } from './running.ts'
import { pauseSchemas } from './pauses.ts'
import { searchSchemas } from './search.ts'
import { sessionSchemas } from './sessions.ts'
import { stocktakeSchemas } from './stocktakes.ts'
import { stepExclusionSchemas } from './step-exclusions.ts'
import { stepStatisticsSchemas } from './step-statistics.ts'
import { stepSchemas } from './steps.ts'
import { streamSchemas } from './stream.ts'
import { timelineSchemas } from './timelines.ts'
import { tableFileSchemas } from './table-files.ts'
import { transferSchemas } from './transfers.ts'
import { utilizationSchemas } from './utilization.ts'
import { webhookSchemas } from './webhooks.ts'

/** The head of the OpenAPI document. Paths and components come from the routes. */
export const documentHead = (version: string): NonNullable<FastifyDynamicSwaggerOptions['openapi']> => ({
  openapi: '3.1.1',
  info: {
    title: 'platform-status',
    version,
    summary: 'Where every container and lid of a robotic laboratory is, what every step did, and how long the next step will take.',
    description: [
      'The status service of a robotic laboratory. Orchestrators read the state of the lab before every robot move and record the move afterwards.',
      'Schedulers plan with its estimates. People query it with curl.',
      '',
      'Names are snake_case. Times are RFC 3339 with an offset; responses use UTC. Durations are in seconds.',
      'Errors are `application/problem+json` with a stable `code`; `components/examples` shows one example of each code. Unknown members and parameters are refused.',
      'Lists are paginated: a page has `items` and `next_cursor`, which is the `cursor` of the next page.',
      '',
      'Every `GET` operation also supports `HEAD`. Every response has the header `X-Request-Id`: the id that the client sent, or a new one. The service writes the same id to its log.'
    ].join('\n'),
    license: { name: 'MIT', identifier: 'MIT' }
  },
  servers: [{ url: '/', description: 'This service' }],
  components: {
    examples: problemComponents,
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer', description: 'An API key. As long as no key was ever created, the service accepts requests without a key, but only from its own machine.' },
      session: { type: 'apiKey', in: 'cookie', name: 'platform-status', description: 'The cookie of a browser that signed in with `POST /api/session`; over https its name is `__Host-platform-status`. Writes must come from a page of this service. Programs send a key.' }
    }
  },
  tags: [
    { name: 'lab', description: 'The lab as a whole: the lab file, its state and its health.' },
    { name: 'search', description: 'Everything that a text can mean.' },
    { name: 'devices', description: 'Devices and their slots.' },
    { name: 'labware types', description: 'What is known of types of labware, and where they fit.' },
    { name: 'containers', description: 'Containers: where they are, and where their lids are.' },
    { name: 'transfers', description: 'A move, its lid action, the barcode that was read, and its step, recorded in one call.' },
    { name: 'stocktakes', description: 'What was seen on a device, against what is tracked.' },
    { name: 'reservations', description: 'Free slots that are kept for one owner before the robot starts.' },
    { name: 'processes', description: 'Descriptions of experiments.' },
    { name: 'experiments', description: 'Executions of a process.' },
    { name: 'steps', description: 'What devices did, with which containers, and how long it took.' },
    { name: 'orchestrators', description: 'Which programs run experiments, and whether they are alive.' },
    { name: 'alarms', description: 'Steps that somebody has to look at.' },
    { name: 'estimates', description: 'How long steps and experiments will take.' },
    { name: 'events', description: 'The event log: what changed, and who changed it.' },
    { name: 'webhooks', description: 'Who is told of events by HTTP, as Standard Webhooks.' },
    { name: 'keys', description: 'API keys and their scopes, and browsers that signed in with one.' },
    { name: 'operations', description: 'Health checks for operators.' }
  ]
})

/** Every schema with an $id. Each becomes a component of the document. */
export const components: readonly TSchema[] = [
  ...commonSchemas, ...problemSchemas, ...healthSchemas, ...metricsSchemas, ...utilizationSchemas,
  ...labwareTypeSchemas, ...labSchemas, ...deviceSchemas, ...positionSchemas, ...certificateSchemas, ...containerSchemas,
  ...processSchemas, ...experimentSchemas, ...stepSchemas, ...pauseSchemas, ...stepExclusionSchemas, ...stepStatisticsSchemas,
  ...estimateSchemas, ...estimateKindSchemas,
  ...processDurationSchemas, ...timelineSchemas, ...runningSchemas, ...orchestratorSchemas, ...alarmSchemas,
  ...reservationSchemas, ...transferSchemas, ...arrangementSchemas, ...stocktakeSchemas, ...labelSchemas,
  ...eventSchemas, ...cloudEventSchemas, ...tableFileSchemas, ...streamSchemas, ...searchSchemas, ...webhookSchemas, ...keySchemas, ...sessionSchemas
]
