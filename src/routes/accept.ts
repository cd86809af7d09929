/**
 * Chooses the media type of the response: the offered type that `Accept` prefers. For equal quality, a named type precedes a
 * wildcard; then the order in `Accept` counts. Without `Accept`, or when no type matches, it is the first offered type.
 */
export function accepted<T extends string> (accept: string | undefined, offered: readonly [T, ...T[]]): T {
  const ranges = (accept ?? '').split(',').map(parseRange).filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || wildcards(a.range) - wildcards(b.range))
  for (const { range } of ranges) {
    const found = offered.find((type) => covers(range, type))
    if (found !== undefined) return found
  }
  return offered[0]
}

function parseRange (text: string): { range: string, quality: number } {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return { range, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
}

function wildcards (range: string): number {
  return range === '*/*' ? 2 : range.endsWith('/*') ? 1 : 0
}

function covers (range: string, type: string): boolean {
  return range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)))
}
