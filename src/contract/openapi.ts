import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { TSchema } from 'typebox'
import { certificateSchemas } from './certificates.ts'
import { commonSchemas } from './common.ts'
import { containerSchemas } from './containers.ts'
import { deviceSchemas } from './devices.ts'
import { estimateSchemas } from './estimates.ts'
import { eventSchemas } from './events.ts'
import { experimentSchemas } from './experiments.ts'
import { healthSchemas } from './health.ts'
import { keySchemas } from './keys.ts'
import { labSchemas } from './lab.ts'
import { positionSchemas } from './positions.ts'
import { problemComponents, problemSchemas } from './problem-responses.ts'
import { processDurationSchemas } from './process-duration.ts'
import { processSchemas } from './processes.ts'
import { reservationSchemas } from './reservations.ts'
import { stepStatisticsSchemas } from './step-statistics.ts'
import { stepSchemas } from './steps.ts'
import { transferSchemas } from './transfers.ts'

/** The head of the OpenAPI document for a version of the service; paths and components come from the routes. */
export const documentHead = (version: string): NonNullable<FastifyDynamicSwaggerOptions['openapi']> => ({
  openapi: '3.1.1',
  info: {
    title: 'platform-status',
    version,
    summary: 'Where every labware and lid of a robotic laboratory is, what every step did, and how long the next will take.',
    description: [
      'The status service of a robotic laboratory. Orchestrators ask it before every robot move and write to it after;',
      'schedulers plan with its estimates; people ask it with curl.',
      '',
      'Names are snake_case. Times are RFC 3339 with an offset; answers are in UTC. Durations are seconds.',
      'Refusals are `application/problem+json` with a stable `code`; `components/examples` shows each. Unknown members and parameters are refused.',
      'Lists are pages: `items` and `next_cursor`, which is the `cursor` of the next.',
      '',
      'Every `GET` answers `HEAD` too. Every answer carries `X-Request-Id`, the caller\'s own if it sent one; the log has it.'
    ].join('\n'),
    license: { name: 'MIT', identifier: 'MIT' }
  },
  servers: [{ url: '/', description: 'This service' }],
  components: {
    examples: problemComponents,
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer', description: 'An API key. A service that never had one takes requests from its own machine without.' }
    }
  },
  tags: [
    { name: 'lab', description: 'The lab as a whole: its file, its state, its health.' },
    { name: 'devices', description: 'Devices and their slots.' },
    { name: 'containers', description: 'Labware: where it is, and where its lid is.' },
    { name: 'transfers', description: 'What a robot did in one go: place, lid, barcode and step.' },
    { name: 'reservations', description: 'Slots promised before the robot starts.' },
    { name: 'processes', description: 'Workflow definitions.' },
    { name: 'experiments', description: 'Runs of a process.' },
    { name: 'steps', description: 'What was done, by which device, with what, and how long it took.' },
    { name: 'estimates', description: 'How long the next step will take.' },
    { name: 'events', description: 'The log: what changed, and who asked for it.' },
    { name: 'keys', description: 'Who may come in, and what each may do.' },
    { name: 'operations', description: 'For those who run the service.' }
  ]
})

/** Every named schema; each becomes a component of the document. */
export const components: readonly TSchema[] = [
  ...commonSchemas, ...problemSchemas, ...healthSchemas, ...labSchemas, ...deviceSchemas, ...positionSchemas, ...certificateSchemas, ...containerSchemas,
  ...processSchemas, ...experimentSchemas, ...stepSchemas, ...stepStatisticsSchemas, ...estimateSchemas, ...processDurationSchemas,
  ...reservationSchemas, ...transferSchemas, ...eventSchemas, ...keySchemas
]
