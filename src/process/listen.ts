import type { FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { Log } from '../domain/log.ts'
import { OperatorError } from '../domain/operator-error.ts'

/** Takes requests from now on; the URL. Throws a OperatorError when host and port cannot be had. */
export async function listen (app: FastifyInstance, { host, port }: { host: string, port: number }): Promise<string> {
  // Fastify would log a line for each address of the machine
  const { level } = app.log
  app.log.level = 'silent'
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw toOperatorError(error, host, port)
  } finally {
    app.log.level = level
  }
  return `http://${host.includes(':') ? `[${host}]` : host}:${(app.server.address() as AddressInfo).port}`
}

/** The same URL for somebody on this machine: one cannot go to "all addresses" everywhere. */
export function localUrl (address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

/** Takes no more requests, lets those under way finish, and cuts what is still there after `limitMs`. */
export async function drain (app: FastifyInstance, limitMs: number, log: Pick<Log, 'warn'>): Promise<void> {
  // Node closes connections that are idle now, not those that become so with their answer
  const reaper = setInterval(() => app.server.closeIdleConnections(), 50)
  const limit = setTimeout(() => {
    log.warn({ limit_ms: limitMs }, 'requests still under way are cut')
    app.server.closeAllConnections()
  }, limitMs)
  try {
    await app.close()
  } finally {
    clearInterval(reaper)
    clearTimeout(limit)
  }
}

function toOperatorError (error: unknown, host: string, port: number): unknown {
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is in use: stop what listens there, or set PORT to another one (0 takes any free one).`,
    EACCES: `This user may not listen on port ${port} of ${host}: set PORT to another one, 1024 or above.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: set HOST to one that it has, such as 127.0.0.1 or 0.0.0.0.`,
    ENOTFOUND: `The name ${host} has no address: set HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0.`
  }
  const sentence = sentences[(error as NodeJS.ErrnoException).code ?? '']
  return sentence === undefined ? error : new OperatorError(sentence, { cause: error })
}
