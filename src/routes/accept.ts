/**
 * The media type to answer with: of those offered, the one that `Accept` wants most; what it names outranks what its
 * wildcards cover, and otherwise its order counts. Without a wish, or with none that can be met, the first offered.
 */
export function accepted<T extends string> (accept: string | undefined, offered: readonly [T, ...T[]]): T {
  const inputs = (accept ?? '').split(',').map(wish).filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || wildcards(a.range) - wildcards(b.range))
  for (const { range } of inputs) {
    const found = offered.find((type) => covers(range, type))
    if (found !== undefined) return found
  }
  return offered[0]
}

function wish (text: string): { range: string, quality: number } {
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
