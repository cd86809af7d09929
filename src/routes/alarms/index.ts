import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Alarm, AlarmAcknowledge, AlarmPage, AlarmParams, AlarmQuery } from '../../contract/alarms.ts'
import { noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'

/** Steps that somebody has to look at. */
export const alarmsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/alarms', {
    schema: {
      operationId: 'listAlarms', tags: ['alarms'], summary: 'List the alarms that are on',
      description: [
        'An alarm is a step that takes more than 1.5 times as long as the longest comparable step, and at least 30 seconds longer; or a step that is lost.',
        'The service looks every five seconds at up to 5,000 steps, the newest first, and goes on with older ones at the next look. An alarm is over when its step ends or is paused; a lost step has one until it ends.',
        'A step that is resumed and still takes too long has a new alarm, which nobody has acknowledged: `earlier_acknowledgement` has what was said at the one before.'
      ].join(' '),
      querystring: AlarmQuery,
      response: { 200: ref(AlarmPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.alarms.list(query))

  app.post('/alarms/:id/acknowledge', {
    schema: {
      operationId: 'acknowledgeAlarm', tags: ['alarms'], summary: 'Say who is at an alarm',
      description: 'Stores a note about an alarm, and who wrote it. The alarm stays on until its step ends. A later note replaces it. An alarm that is over takes a note, too: what was done about it is known then.',
      params: AlarmParams, querystring: noQuery, body: ref(AlarmAcknowledge),
      response: { 200: ref(Alarm), ...bodyProblems('alarm-not-found') }
    }
  }, async (request) => await store.alarms.acknowledge(request.params.id, request.body.note, auditOf(request)))
}
