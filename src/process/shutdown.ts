import type { Log } from '../domain/log.ts'
/** What was opened, to be closed the other way round, once; what fails to close does not keep the rest open. */
export type Shutdown = { add (what: string, close: () => Promise<unknown>): void, close (): Promise<void> }

export function openShutdown (log: Pick<Log, 'error'>): Shutdown {
  const things: { what: string, close: () => Promise<unknown> }[] = []
  let closed: Promise<void> | undefined

  async function closeAll (): Promise<void> {
    for (const { what, close } of things.reverse()) {
      await close().catch((error: unknown) => log.error({ err: error, what }, 'not closed'))
    }
  }
  return {
    add: (what, close) => { things.push({ what, close }) },
    close: () => closed ??= closeAll()
  }
}
