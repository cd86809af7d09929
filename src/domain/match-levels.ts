/** The match levels, most specific first, in the order of the columns key_1 to key_5; see step_key in the migrations. */
export const matchLevels = {
  operation: ['parameters', 'device_protocol', 'protocol', 'device_function', 'function'],
  move: ['slots', 'pair_lid_barcode', 'pair', 'mover_destination']
} as const

export const matchLevelNames = [...matchLevels.operation, ...matchLevels.move] as const

export type MatchLevel = (typeof matchLevelNames)[number]

/** Levels that pool different programs, or moves between different places. */
export const mixedLevels: ReadonlySet<MatchLevel> = new Set<MatchLevel>(['device_function', 'function', 'mover_destination'])

/** What each level compares. */
export const levelMeanings: Readonly<Record<MatchLevel, string>> = {
  parameters: 'operations with the same function, device and parameters',
  device_protocol: 'operations with the same function, device and protocol',
  protocol: 'operations with the same function and protocol, on any device',
  device_function: 'operations with the same function and device',
  function: 'operations with the same function',
  slots: 'moves between the same slots by the same mover, with the same change of the lid and reading of the barcode',
  pair_lid_barcode: 'moves between the same devices, with the same change of the lid and reading of the barcode',
  pair: 'moves between the same devices',
  mover_destination: 'moves by the same mover to the same device'
}
