import { useQuery } from '@tanstack/react-query'
import { api, read } from './client.ts'
import type { CalibrationGrouping, UtilizationBucket } from './generated/schema.d.ts'
import { usePaged } from './paged.ts'

/** How busy the devices were. */
export function useUtilization (query: { from: string, to: string, bucket: UtilizationBucket, timezone: string }) {
  return useQuery({ queryKey: ['utilization', query], queryFn: async () => await read(api.GET('/api/devices/utilization', { params: { query } })) })
}

/** The lab with since when each container stands where it is. */
export function useStanding () {
  return useQuery({ queryKey: ['standing'], staleTime: 60_000, queryFn: async () => await read(api.GET('/api/lab')) })
}

export function useStepKinds () {
  return usePaged(['kinds'], async (cursor) => await read(api.GET('/api/estimates/kinds', { params: { query: { limit: 100, ...cursor } } })))
}

export function useStepKind (key: string) {
  return useQuery({ queryKey: ['kinds', key], queryFn: async () => await read(api.GET('/api/estimates/kinds/{key}/history', { params: { path: { key } } })) })
}

/** How often bounds were kept. */
export function useCalibration (group_by: CalibrationGrouping) {
  return useQuery({
    queryKey: ['calibration', group_by], staleTime: 600_000,
    queryFn: async () => await read(api.GET('/api/estimates/calibration', { params: { query: { group_by } } }))
  })
}
