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
  for (const key of Object.keys(value)) {
    deepest = Math.max(deepest, depthOf((value as Record<string, unknown>)[key], enough - 1))
    if (deepest >= enough) break
  }
  return deepest + 1
}

/** Nothing here is deeper; a guard for the functions that walk a body, and for the database's own JSON parser. */
export const deepestBody = 100

type StorageFault = { pointer: string, detail: string }

/** Why a value cannot be stored, with the JSON pointer of the place; null when it can. Linear in the value; the pointer is built only for a fault. */
export function unstorable (value: unknown): StorageFault | null {
  const path: (string | number)[] = []
  const detail = storageFault(value, path)
  return detail === null ? null : { pointer: path.map((name) => `/${escapePointer(String(name))}`).join('').toWellFormed(), detail }
}

/** The fault, or null. `path` is where the walk stands; after a fault it leads to the place. */
function storageFault (value: unknown, path: (string | number)[]): string | null {
  if (typeof value === 'string') return textFault(value)
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'must be a number that a double can hold'
  if (typeof value !== 'object' || value === null) return null
  if (path.length >= deepestBody) return `must not be nested deeper than ${deepestBody} levels`
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      path.push(index)
      const found = storageFault(value[index], path)
      if (found !== null) return found
      path.pop()
    }
    return null
  }
  for (const key of Object.keys(value)) {
    const ofKey = textFault(key)
    if (ofKey !== null) return ofKey
    path.push(key)
    const found = key === '__proto__' ? 'must not be there: a member of this name is never meant' : storageFault((value as Record<string, unknown>)[key], path)
    if (found !== null) return found
    path.pop()
  }
  return null
}

/** A member's name as a segment of a JSON pointer. */
export function escapePointer (name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function textFault (text: string): string | null {
  if (text.includes('\u0000')) return 'must not hold the character NUL (U+0000)'
  if (!text.isWellFormed()) return 'must be well-formed Unicode: it holds half of a surrogate pair'
  return null
}
