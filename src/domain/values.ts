// Rules for values that JSON Schema cannot express.

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text has the form of a UUID of any version. */
export function isUuid (text: string): boolean {
  return uuidShape.test(text)
}

/** Whether a name can be a segment of a URL path. Clients remove `.` and `..` before they send a request. */
export function isPathName (text: string): boolean {
  return text !== '.' && text !== '..'
}

/** Whether a name can be a member of the lab file, as those of devices, groups and labware types are. JSON and YAML with `__proto__` are refused. */
export function isMemberName (text: string): boolean {
  return text !== '__proto__'
}

const instantShape = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|[+-](\d\d):(\d\d))$/

/**
 * Whether a text is an RFC 3339 time with offset, on an existing day, in the years 1970 to 2999 in UTC. A leap second (23:59:60 in UTC) is one;
 * see withoutLeapSecond.
 */
export function isInstant (text: string): boolean {
  const parts: readonly (string | undefined)[] | null = instantShape.exec(text)
  if (parts === null) return false
  const beforeLeap = secondBeforeLeap(text)
  if (beforeLeap !== null) return isInstant(beforeLeap) && new Date(beforeLeap.toUpperCase()).toISOString().slice(11, 19) === '23:59:59'
  const [year, month, day, hour, minute, second, offsetHour, offsetMinute] = parts.slice(1).map((part) => Number(part ?? 0)) as
    [number, number, number, number, number, number, number, number]
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return false
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return false
  const inUtc = new Date(text.toUpperCase()).getUTCFullYear()
  return inUtc >= 1970 && inUtc <= 2999
}

/** The second before a second 60; null if it is another one. */
function secondBeforeLeap (text: string): string | null {
  const before = text.replace(/^(.{16}):60/, '$1:59')
  return before === text ? null : before
}

/** An instant. A leap second becomes the second after 23:59:59 in UTC, because neither the database nor JavaScript knows leap seconds. */
export function withoutLeapSecond (instant: string): string {
  const before = secondBeforeLeap(instant)
  return before === null ? instant : new Date(Date.parse(before.toUpperCase()) + 1000).toISOString()
}

/** What is wrong with the day of a time that otherwise has the right shape; null if the day exists. */
export function dayFault (text: string): string | null {
  const [, year, month, day] = instantShape.exec(text)?.map(Number) ?? []
  if (year === undefined || month === undefined || day === undefined || month < 1 || month > 12) return null
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return day >= 1 && day <= days ? null : `has a date that does not exist: ${text.slice(0, 10)}; that month has ${days} days`
}

/** The nesting depth of objects and arrays in a value. Stops counting just above `enough`. */
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

/** The nesting limit of a body. It protects recursive functions here and the JSON parser of the database. */
export const maxBodyLevels = 100

type StorageFault = { pointer: string, detail: string }

/** Why a value cannot be stored, with the JSON pointer to the fault; null if it can. Linear in the value: only a fault gets a pointer. */
export function storageFault (value: unknown): StorageFault | null {
  const path: (string | number)[] = []
  const detail = faultAlong(value, path)
  return detail === null ? null : { pointer: path.map((name) => `/${escapePointer(String(name))}`).join('').toWellFormed(), detail }
}

/** The fault, or null. `path` leads to the value; after a fault it leads to the fault. */
function faultAlong (value: unknown, path: (string | number)[]): string | null {
  if (typeof value === 'string') return textFault(value)
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'must be a number that fits a double'
  if (typeof value !== 'object' || value === null) return null
  if (path.length >= maxBodyLevels) return `must not be nested deeper than ${maxBodyLevels} levels`
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      path.push(index)
      const found = faultAlong(value[index], path)
      if (found !== null) return found
      path.pop()
    }
    return null
  }
  for (const key of Object.keys(value)) {
    const ofKey = textFault(key)
    if (ofKey !== null) return ofKey
    path.push(key)
    const found = key === '__proto__' ? 'must not be present: a member with this name is not allowed' : faultAlong((value as Record<string, unknown>)[key], path)
    if (found !== null) return found
    path.pop()
  }
  return null
}

/** The name of a member as a segment of a JSON pointer. */
export function escapePointer (name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function textFault (text: string): string | null {
  if (text.includes('\u0000')) return 'must not contain the character NUL (U+0000)'
  if (!text.isWellFormed()) return 'must be well-formed Unicode: it contains half of a surrogate pair'
  return null
}
