const exponent = /\de[+-]\d/
// Strings are matched only to skip them. JSON.stringify writes no exponent with a capital letter, and always its sign.
const stringOrExponent = /"[^"\\]*(?:\\.[^"\\]*)*"|\d(?:\.(\d+))?e([+-])(\d+)/gs

/**
 * The bytes of a value as JSON, with numbers as PostgreSQL writes them: without an exponent. the database writes `1e308` with 309 digits into
 * its answers.
 */
export function writtenBytes (value: unknown): number {
  const text = JSON.stringify(value ?? null)
  let bytes = Buffer.byteLength(text)
  if (!exponent.test(text)) return bytes
  for (const [number, fraction = '', sign, digits] of text.matchAll(stringOrExponent) as Iterable<[string, string?, string?, string?]>) {
    if (digits === undefined) continue
    const written = sign === '+' ? Number(digits) + 1 : '0.'.length + Number(digits) + fraction.length
    bytes += written - number.length
  }
  return bytes
}
