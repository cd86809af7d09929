import { requestContext, withContext, type WrittenRevision } from './request-context.ts'

/** While `run` runs, its commands write their revision to `written`. */
export async function noteRevision<T> (written: WrittenRevision, run: () => Promise<T>): Promise<T> {
  return await withContext({ written }, run)
}

/** Whether somebody wants to know the revision of the running command. */
export function isRevisionWanted (): boolean {
  return requestContext().written !== undefined
}

/** A command has left the lab at this revision. Null: what commands said is undone, as after a dry run. */
export function writeRevision (revision: number | null): void {
  const { written } = requestContext()
  if (written !== undefined) written.revision = revision
}
