import { writeExactly } from '../whole-numbers.ts'

/** A member of an object. The value is any JSON, or a long object. */
export type NamedValue = readonly [name: string, value: unknown]

/** An object with so many members that they are made and written one after another. Each call of `members` begins again. */
export class LongObject {
  readonly members: () => Iterable<NamedValue>
  constructor (members: () => Iterable<NamedValue>) {
    this.members = members
  }
}

/** The JSON text of a value, in pieces. A piece is a value that has no long object in it. */
export function * jsonPieces (value: unknown): Generator<string> {
  if (!(value instanceof LongObject)) {
    yield writeExactly(value)
    return
  }
  let before = '{'
  for (const [name, inner] of value.members()) {
    yield `${before}${JSON.stringify(name)}:`
    yield * jsonPieces(inner)
    before = ','
  }
  yield before === '{' ? '{}' : '}'
}
