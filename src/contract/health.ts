import Type from 'typebox'
import { ref } from './common.ts'

export const Live = Type.Object({ status: Type.String({ description: 'Always `live`.', examples: ['live'] }) }, { $id: 'Live', description: 'The process responds to requests.', examples: [{ status: 'live' }] })

const aPool = { max: 10, open: 2, idle: 2, waiting: 0 }

const Pool = Type.Object({
  max: Type.Integer({ description: 'The maximum number of connections (DATABASE_POOL_MAX).' }),
  open: Type.Integer({ description: 'Connections that are open now.' }),
  idle: Type.Integer({ description: 'Open connections that no request uses.' }),
  waiting: Type.Integer({ description: 'Requests that are waiting for a connection.' })
}, { $id: 'Pool', description: 'The pool of database connections.', examples: [aPool] })

export const Ready = Type.Object({
  status: Type.String({ description: 'Always `ready`. Otherwise the response is a 503.', examples: ['ready'] }),
  pool: ref(Pool, 'The pool of database connections.')
}, { $id: 'Ready', description: 'The database responds, so the service can do its work.', examples: [{ status: 'ready', pool: aPool }] })

export const healthSchemas = [Live, Pool, Ready]
