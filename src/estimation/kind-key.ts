/** The key of a kind of step, as clients see it: a UUID that begins with the 64 bits of its match key (`step.key_1`, as PostgreSQL writes it). */
export function kindKeyOf (matchKey: string): string {
  const hex = BigInt.asUintN(64, BigInt(matchKey)).toString(16).padStart(16, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12)}-0000-000000000000`
}

/** The match key of a kind. Only the first 64 bits of its key count: in version 0.2.0 the others were a hash, too. */
export function matchKeyOf (kindKey: string): string {
  return BigInt.asIntN(64, BigInt(`0x${kindKey.replaceAll('-', '').slice(0, 16)}`)).toString()
}
