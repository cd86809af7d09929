import { createHash } from 'node:crypto'

/** A statement gets a name after so many runs. One that is seldom run would only take memory of each connection. */
const usesBefore = 3
/** Each connection keeps all statements with a name: 0.25 MB each with their plans. Filters can be combined in more ways than that. */
const maxNames = 100
/** Texts of which the uses are counted. */
const maxCounted = 1000

// BEGIN and the like are not planned, and in a nested transaction they have another text (see transaction.ts).
const plannable = /^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b/i
// PostgreSQL may keep one plan for all values. For a list it does not, because the limit is a value, too. A count has none: its plan for
// "completed" would read the whole table for "running", which has an index of its own.
const countsByValues = /\bcount\(\*\)[^]*\$1\b/i

let generation = 0

/** Gives all statements other names, after a migration by a newer instance changed what one returns: under its old name it fails on each connection that prepared it. */
export function renameStatements (): void {
  generation++
}

/**
 * Names for the statements that Prisma sends. PostgreSQL parses a statement with a name once per connection, and may plan it
 * once. Without a name it does both each time, which for our views takes longer than to run them. Returns undefined for a statement that was seldom run.
 */
export function statementNames (): (text: string) => string | undefined {
  const names = new Map<string, string>()
  const uses = new Map<string, number>()
  let namesOf = generation
  return (text) => {
    if (namesOf !== generation) names.clear()
    namesOf = generation
    const name = names.get(text)
    if (name !== undefined || names.size >= maxNames || !plannable.test(text) || countsByValues.test(text)) return name
    const used = uses.get(text) ?? 0
    if (used < usesBefore) {
      if (uses.size >= maxCounted) uses.clear()
      uses.set(text, used + 1)
      return undefined
    }
    uses.delete(text)
    const created = createHash('sha1').update(`${generation} ${text}`).digest('base64url')
    names.set(text, created)
    return created
  }
}
