/** What a query for comparable steps needs to know about a step; see domain/match.ts for the match inputs. */
export type EstimateQuery = {
  kind: 'operation' | 'move'
  match_function: string | null
  match_parameters: string | null
  match_protocol: string | null
  /** null if it is not assigned yet: then only the levels that do not compare it can answer. */
  device: string | null
  origin_device: string | null
  origin_position: number | null
  destination_device: string | null
  destination_position: number | null
  lidded_before: boolean | null
  lidded_after: boolean | null
  barcode_read: boolean | null
  /** Only steps that finished at or before this time are read. null: all that count, also one with a finish ahead of now that a person has included. */
  as_of: string | null
}
