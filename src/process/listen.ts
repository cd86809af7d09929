import type { FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { Log } from '../domain/log.ts'
import { OperatorError } from '../domain/operator-error.ts'

/** Starts listening and returns the URL. Throws an OperatorError if host or port cannot be used. */
export async function listen (app: FastifyInstance, { host, port }: { host: string, port: number }): Promise<string> {
  // Otherwise Fastify logs one line for each address of the machine.
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

/** The same URL for a client on this machine: not every system can connect to 0.0.0.0 or [::]. */
export function localUrl (address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

/** Stops accepting requests and waits for the current ones. Closes the connections that are still open after `limitMs`. */
export async function drain (app: FastifyInstance, limitMs: number, log: Pick<Log, 'warn'>): Promise<void> {
  // app.close() closes only the connections that are idle now. This also closes those that become idle later.
  const idleTimer = setInterval(() => app.server.closeIdleConnections(), 50)
  const limit = setTimeout(() => {
    log.warn({ limit_ms: limitMs }, 'closing connections with unfinished requests')
    app.server.closeAllConnections()
  }, limitMs)
  try {
    await app.close()
  } finally {
    clearInterval(idleTimer)
    clearTimeout(limit)
  }
}

function toOperatorError (error: unknown, host: string, port: number): unknown {
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is in use: stop the program that uses it, or set PORT to another port (0 takes any free port).`,
    EACCES: `This user may not listen on port ${port} of ${host}: set PORT to 1024 or above.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: set HOST to one of its addresses, such as 127.0.0.1 or 0.0.0.0.`,
    ENOTFOUND: `The host name ${host} cannot be resolved: set HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0.`
  }
  const sentence = sentences[(error as NodeJS.ErrnoException).code ?? '']
  return sentence === undefined ? error : new OperatorError(sentence, { cause: error })
}
