/** A check throws when it fails. It returns the reason when it was skipped. */
export type Check = (name: string) => string | undefined | Promise<string | undefined>

/** Runs checks in their order, `atOnce` of them at the same time, and prints the outcome of each. The exit code is 1 when one failed. */
export async function runChecks (checks: Record<string, Check>, { atOnce = 1 } = {}): Promise<void> {
  const failed: string[] = []
  const waiting = Object.entries(checks).values()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const [name, check] of waiting) if (!await isPassed(name, check)) failed.push(name)
  }))
  if (failed.length === 0) return
  process.exitCode = 1
  // said again, because of a long output people see the end
  console.log(`failed: ${failed.length} of ${Object.keys(checks).length}: ${failed.join(', ')}`)
}

async function isPassed (name: string, check: Check): Promise<boolean> {
  const began = Date.now()
  try {
    const skipped = await check(name)
    console.log(skipped === undefined ? `passed: ${name} (${Math.round((Date.now() - began) / 1000)} s)` : `skipped: ${name}: ${skipped}`)
    return true
  } catch (error) {
    console.log(`failed: ${name}: ${messageOf(error)}`)
    return false
  }
}

export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
