/** Whether the tests run as in CI, with `npm test -- --thorough`: all recorded runs, and many repetitions of what is random. */
export const thorough = process.env.TEST_THOROUGH === 'yes'

/** How often a test repeats something: less often in `npm test`, which people wait for, than in CI. */
export function repetitions ({ quick, thorough: many }: { quick: number, thorough: number }): number {
  return thorough ? many : quick
}
