import { isUuid } from '../domain/values.ts'
import { problem } from '../problems.ts'

// A cursor comes back from outside: what it holds is looked at before it reaches the database.

/** The id that a cursor of a list by id holds. */
export function idKey ([id]: readonly [unknown, ...unknown[]]): string {
  if (typeof id !== 'string' || !isUuid(id)) throw forged()
  return id
}

/** What is thrown for a cursor that no list of ours has written. */
export function forged () {
  return problem('invalid-cursor', 'The cursor is not one of this list with these filters; start again without `cursor`.', { parameter: 'cursor' })
}
