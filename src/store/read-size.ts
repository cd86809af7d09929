import { requestContext, withContext } from './request-context.ts'

// How much some reads cost does not follow from the request: an experiment can have ten steps or half a million. Such a read looks first whether
// it is small, which costs no more than a small read does.

/** A small read that would be large. It has read nothing yet, and can run again as a large one. */
export class LargeRead extends Error {}

/** Runs a read that may throw `LargeRead`. Without this, reads are of any size. */
export async function asSmallRead<T> (run: () => Promise<T>): Promise<T> {
  return await withContext({ isSmallRead: true }, run)
}

/** Whether the caller must throw `LargeRead` instead of reading much. */
export function isSmallRead (): boolean {
  return requestContext().isSmallRead === true
}

/** So many rows are a small read at most: they take a few milliseconds. */
export const largestRead = { steps: 5000, slots: 2000, containers: 20_000 } as const
