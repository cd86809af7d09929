import Type from 'typebox'
import { ref } from './common.ts'

export const Live = Type.Object({ status: Type.String({ description: 'Always live.', examples: ['live'] }) }, { $id: 'Live', description: 'The process answers.', examples: [{ status: 'live' }] })

const aPool = { max: 10, open: 2, idle: 2, waiting: 0 }

const Pool = Type.Object({
  max: Type.Integer({ description: 'Connections at most: DATABASE_POOL_MAX.' }),
  open: Type.Integer({ description: 'Connections open now.' }),
  idle: Type.Integer({ description: 'Of these, how many do nothing.' }),
  waiting: Type.Integer({ description: 'Requests that wait for a connection.' })
}, { $id: 'Pool', description: 'The connections to the database.', examples: [aPool] })

export const Ready = Type.Object({
  status: Type.String({ description: 'Always ready; otherwise the answer is a 503.', examples: ['ready'] }),
  pool: ref(Pool)
}, { $id: 'Ready', description: 'The database answers.', examples: [{ status: 'ready', pool: aPool }] })

export const healthSchemas = [Live, Pool, Ready]
