/** A check throws when it fails. It returns the reason when it was skipped. */
export type Check = (name: string) => string | undefined | Promise<string | undefined>

/** Runs checks one after another and prints the outcome of each. The exit code is 1 when one failed. */
export async function runChecks (checks: Record<string, Check>): Promise<void> {
  const failed: string[] = []
  for (const [name, check] of Object.entries(checks)) {
    const began = Date.now()
    try {
      const skipped = await check(name)
      console.log(skipped === undefined ? `passed: ${name} (${Math.round((Date.now() - began) / 1000)} s)` : `skipped: ${name}: ${skipped}`)
    } catch (error) {
      process.exitCode = 1
      failed.push(name)
      console.log(`failed: ${name}: ${messageOf(error)}`)
    }
  }
  // said again, because of a long output people see the end
  if (failed.length > 0) console.log(`failed: ${failed.length} of ${Object.keys(checks).length}: ${failed.join(', ')}`)
}

export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
