import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import type { Socket } from 'node:net'

/**
 * Closes connections that have never sent anything when the service stops. Browsers open such connections ahead, and probes of ports do too. Node takes them
 * for requests that have begun, and would wait for their request until its time limit.
 */
export const silentConnections = plugin(async (app: FastifyInstance) => {
  const open = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  app.addHook('preClose', async () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
  })
}, { name: 'silent-connections' })
