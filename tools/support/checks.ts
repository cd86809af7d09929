/** A check throws when it fails. It returns the reason when it was skipped. */
export type Check = () => string | undefined | Promise<string | undefined>

/** Runs checks one after another and prints the outcome of each. The exit code is 1 when one failed. */
export async function runChecks (checks: Record<string, Check>): Promise<void> {
  for (const [name, check] of Object.entries(checks)) {
    const began = Date.now()
    try {
      const skipped = await check()
      console.log(skipped === undefined ? `passed: ${name} (${Math.round((Date.now() - began) / 1000)} s)` : `skipped: ${name}: ${skipped}`)
    } catch (error) {
      process.exitCode = 1
      console.log(`failed: ${name}: ${messageOf(error)}`)
    }
  }
}

export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
