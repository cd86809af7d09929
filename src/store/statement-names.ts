import { createHash } from 'node:crypto'

/** A statement gets a name when it was run so often. One that is run once would only take memory of each connection. */
const usesBefore = 3
/** Each connection keeps all statements with a name: 0.25 MB each with their plans. Filters can be combined in more ways than that. */
const maxNames = 100
/** Texts of which the uses are counted. */
const maxCounted = 1000

// BEGIN and the like are not planned, and in a nested transaction they have another text (see transaction.ts).
const plannable = /^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b/i

/**
 * Names for the statements that Prisma sends. PostgreSQL parses and plans a statement with a name once per connection. Without a name it does
 * so each time, which for our views takes longer than to run them. Returns undefined for a statement that was seldom run.
 */
export function statementNames (): (text: string) => string | undefined {
  const names = new Map<string, string>()
  const uses = new Map<string, number>()
  return (text) => {
    const name = names.get(text)
    if (name !== undefined || names.size >= maxNames || !plannable.test(text)) return name
    const used = uses.get(text) ?? 0
    if (used < usesBefore) {
      if (uses.size >= maxCounted) uses.clear()
      uses.set(text, used + 1)
      return undefined
    }
    uses.delete(text)
    const created = createHash('sha1').update(text).digest('base64url')
    names.set(text, created)
    return created
  }
}
