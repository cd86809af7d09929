import type { LoadResult } from './load.ts'

/** What was measured of one server. */
export type Figures = Omit<LoadResult, 'requests'>

/** With the processor time of a request in microseconds. */
export type CpuFigures = Figures & { cpu_us: number }

/** One call at one number of connections. `target` is the smallest ratio that was asked, if one was. */
export type Row = { call: string, connections: number, target: number | null, reference: CpuFigures, service: CpuFigures, ratio: number }
