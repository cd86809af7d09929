// How much some reads cost does not follow from the request: an experiment can have ten steps or half a million. Such a read looks first whether
// it is small, which costs no more than a small read does.

/** How much a read may read: `small` throws `LargeRead` instead of reading much. */
export type ReadSize = 'small' | 'any'

/** A small read that would be large. It has read nothing yet, and can run again with any size. */
export class LargeRead extends Error {}

/** So many rows are a small read at most: they take a few milliseconds. */
export const largestRead = { steps: 5000, slots: 2000, devices: 500, containers: 20_000 } as const
