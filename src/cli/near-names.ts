/** How many changes of one letter lead from one text to the other, or more than `most`. */
export function distanceOf (one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[other.length]!
}

/** The names that a person may have meant: equal without case and separators, or with up to two letters changed. The nearest come first. */
export function nearNames (meant: string, names: readonly string[], limit = 3): string[] {
  const wanted = plain(meant)
  const most = wanted.length < 4 ? 1 : 2
  return names.map((name) => ({ name, distance: distanceOf(wanted, plain(name), most) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, limit).map(({ name }) => name)
}

function plain (name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll(/[\s_.\-\p{Cf}]+/gu, '')
}
