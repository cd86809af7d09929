import type { Log } from '../domain/log.ts'

/** Collects what was opened. `close` closes it once, in reverse order; an error is logged and does not stop the rest. */
export type Shutdown = { add (what: string, close: () => Promise<unknown>): void, close (): Promise<void> }

export function openShutdown (log: Pick<Log, 'error'>): Shutdown {
  const resources: { what: string, close: () => Promise<unknown> }[] = []
  let closed: Promise<void> | undefined

  async function closeAll (): Promise<void> {
    for (const { what, close } of resources.reverse()) {
      await close().catch((error: unknown) => log.error({ err: error, what }, 'could not be closed'))
    }
  }
  return {
    add: (what, close) => { resources.push({ what, close }) },
    close: () => closed ??= closeAll()
  }
}
