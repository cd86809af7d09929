// What a value may be, beyond what JSON Schema says.

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Shaped like a UUID of any version. */
export function isUuid (text: string): boolean {
  return uuidShape.test(text)
}

/** Can stand in a URL's path: `.` and `..` are taken away by every client before they are sent. */
export function isPathName (text: string): boolean {
  return text !== '.' && text !== '..'
}

const instantShape = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|[+-](\d\d):(\d\d))$/

/** An RFC 3339 time with an offset, of a day that exists, in the years 1970 to 2999 in UTC. Leap seconds cannot be stored and are refused. */
export function isInstant (text: string): boolean {
  const parts: readonly (string | undefined)[] | null = instantShape.exec(text)
  if (parts === null) return false
  const [year, month, day, hour, minute, second, offsetHour, offsetMinute] = parts.slice(1).map((part) => Number(part ?? 0)) as
    [number, number, number, number, number, number, number, number]
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return false
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return false
  const inUtc = new Date(text.toUpperCase()).getUTCFullYear()
  return inUtc >= 1970 && inUtc <= 2999
}

/** How many levels of objects and arrays a value has; stops counting just past `enough`. */
export function depthOf (value: unknown, enough: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (enough <= 0) return 1
  let deepest = 0
  for (const inner of Object.values(value)) {
    deepest = Math.max(deepest, depthOf(inner, enough - 1))
    if (deepest >= enough) break
  }
  return deepest + 1
}

/** Nothing here is deeper; a guard for the functions that walk a body, and for the database's own JSON parser. */
export const deepestBody = 100

/** Why a value cannot be stored, with the JSON pointer of the place; null when it can. */
export function unstorable (value: unknown, pointer = '', level = 0): { pointer: string, detail: string } | null {
  if (typeof value === 'string') return unstorableText(value, pointer)
  if (typeof value === 'number' && !Number.isFinite(value)) return { pointer, detail: 'must be a number that a double can hold' }
  if (typeof value !== 'object' || value === null) return null
  if (level >= deepestBody) return { pointer, detail: `must not be nested deeper than ${deepestBody} levels` }
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return { pointer: `${pointer}/__proto__`, detail: 'must not be there: a member of this name is never meant' }
    const found = unstorableText(key, pointer) ?? unstorable(inner, `${pointer}/${escapePointer(key)}`, level + 1)
    if (found) return found
  }
  return null
}

/** A member's name as a segment of a JSON pointer. */
export function escapePointer (name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unstorableText (text: string, pointer: string): { pointer: string, detail: string } | null {
  if (text.includes('\u0000')) return { pointer: wellFormed(pointer), detail: 'must not hold the character NUL (U+0000)' }
  if (!text.isWellFormed()) return { pointer: wellFormed(pointer), detail: 'must be well-formed Unicode: it holds half of a surrogate pair' }
  return null
}

function wellFormed (pointer: string): string {
  return pointer.toWellFormed()
}
