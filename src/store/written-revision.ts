import { AsyncLocalStorage } from 'node:async_hooks'

/** The revision of what a request has written. Null as long as no command has said it. */
export type WrittenRevision = { revision: number | null }

const current = new AsyncLocalStorage<WrittenRevision>()

/** While `run` runs, its commands write their revision to `written`. */
export async function noteRevision<T> (written: WrittenRevision, run: () => Promise<T>): Promise<T> {
  return await current.run(written, run)
}

/** Whether somebody wants to know the revision of the running command. */
export function isRevisionWanted (): boolean {
  return current.getStore() !== undefined
}

/** A command has left the lab at this revision. Null: what commands said is undone, as after a dry run. */
export function writeRevision (revision: number | null): void {
  const written = current.getStore()
  if (written !== undefined) written.revision = revision
}
