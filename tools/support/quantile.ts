/** The value below which the share p of the values lies. */
export function quantile (values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]
  if (value === undefined) throw new Error('There are no values.')
  return value
}

export function median (values: readonly number[]): number {
  return quantile(values, 0.5)
}
